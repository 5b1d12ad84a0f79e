#pragma once

#include <gtest/gtest.h>
#include <simdjson.h>

#include <chrono>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "feed/feed.h"

namespace tallyho {

// A client: it applies what it is told as feed.h says, and nothing else.
class FakeSubscriber : public Subscriber {
 public:
  struct Row {
    Points value = 0;
    Rank rank = 0;
    bool operator==(const Row&) const = default;
  };
  struct Shown {
    std::map<std::string, Row> rows;
    std::uint64_t of = 0;
    Position version = 0;
    std::string window;
    std::uint64_t merged = 0;  // Of the last message; 0 after a snapshot.
    bool was_snapshot = true;
  };

  bool ready() override { return is_ready; }
  void push(std::string_view watch, const std::shared_ptr<const std::string>& body) override {
    messages.push_back("{\"watch\":" + std::string(watch) + "," + *body);
    bodies.push_back(body);
    apply(std::string(watch), *body);
    if (told) told(std::string(watch));
  }

  void apply(const std::string& watch, const std::string& body) {
    simdjson::dom::parser parser;
    const simdjson::dom::element message = parser.parse("{" + body);
    simdjson::dom::array items;
    if (message["score"].error() == simdjson::SUCCESS || message["notice"].error() == simdjson::SUCCESS) return;
    Shown& view = shown[watch];
    const std::uint64_t version = message["version"];
    EXPECT_GE(version, view.version);  // Versions never go back.
    view.version = version;
    view.of = message["of"];
    view.was_snapshot = message["members"].get(items) == simdjson::SUCCESS;
    if (view.was_snapshot) {
      view.rows.clear();
      view.merged = 0;
      auto window = message["window"].get_string();
      view.window = window.error() == simdjson::SUCCESS ? std::string(window.value()) : "";
      for (const auto item : items) {
        view.rows[std::string(item["member"].get_string().value())] = {item["value"].get_int64().value(),
                                                                       item["rank"].get_uint64().value()};
      }
      return;
    }
    view.merged = message["merged"];
    items = message["changes"];
    for (const auto change : items) {
      const std::string member(change["member"].get_string().value());
      const auto known = view.rows.find(member);
      if (change["left"].error() == simdjson::SUCCESS) {
        EXPECT_NE(known, view.rows.end()) << "left without having been there: " << body;
        view.rows.erase(known);
        continue;
      }
      auto was = change["was"].get_uint64();
      EXPECT_EQ(was.error() == simdjson::SUCCESS, known != view.rows.end()) << body;
      if (was.error() == simdjson::SUCCESS && known != view.rows.end()) {
        EXPECT_EQ(was.value(), known->second.rank) << body;
      }
      view.rows[member] = {change["value"].get_int64().value(), change["rank"].get_uint64().value()};
    }
  }

  bool is_ready = true;
  std::map<std::string, Shown> shown;
  std::vector<std::string> messages;
  std::vector<std::shared_ptr<const std::string>> bodies;
  std::function<void(const std::string& watch)> told;
};

// Boards, a feed, and what the engine does with them.
class FeedWorld {
 public:
  using Time = std::chrono::steady_clock::time_point;

  explicit FeedWorld(std::vector<BoardOptions> options, Feed::Options feed_options = {}) {
    for (BoardOptions& one : options) boards.push_back(std::make_unique<Board>(std::move(one)));
    feed = std::make_unique<Feed>(boards, symbols, "0123456789abcdef0123456789abcdef", feed_options);
    arrive(parse_timestamp("2026-07-19T12:00:00Z").value());
  }

  Symbol symbol(std::string_view text) { return symbols.intern(text); }

  void arrive(Timestamp time) {
    arrival = time;
    for (std::size_t i = 0; i < boards.size(); ++i) {
      const auto board = static_cast<std::uint16_t>(i);
      std::vector<std::uint32_t> dropped;
      const bool is_new_period = boards[board]->advance(time, dropped);
      for (const std::uint32_t section : dropped) feed->section_dropped(board, section);
      if (is_new_period) feed->period_changed(board);
    }
  }

  // An event that counts on one board.
  void count(std::uint16_t board, std::string_view member, Points value, std::string_view group = "") {
    count(board, symbol(member), value, group.empty() ? no_group : symbol(group), arrival);
  }
  void count(std::uint16_t board, Member member, Points value, Symbol group, Timestamp time) {
    ++version;
    std::vector<BoardChange> changes;
    Board::Plan plan;
    if (boards[board]->plan(member, group, value, time, plan) && plan.counts) {
      boards[board]->commit(plan, version, &changes);
    } else {
      boards[board]->follow(member, group, version, changes);
    }
    if (!feed->hears_of(board)) return;
    for (const BoardChange& change : changes) feed->changed(board, change, version);
  }

  void watch(FakeSubscriber& subscriber, const std::string& name, const BoardView& view) {
    subscriber.shown.erase(name);
    subscriber.apply(name, feed->watch_board(subscriber, name, view, version));
  }

  void flush_after(std::chrono::milliseconds elapsed) {
    now += elapsed;
    feed->flush(version, now);
  }

  std::vector<std::unique_ptr<Board>> boards;
  SymbolTable symbols;
  std::unique_ptr<Feed> feed;
  Position version = 0;
  Timestamp arrival;
  Time now = Time(std::chrono::hours(1));
};

}  // namespace tallyho
