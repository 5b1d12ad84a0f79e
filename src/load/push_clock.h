#pragma once

#include <cstdint>
#include <deque>
#include <mutex>
#include <string_view>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "base/position.h"
#include "load/histogram.h"

namespace tallyho {

// Matches changes that watchers see with the events that caused them; see play() for what exactly is measured.
//
// A change may come before the ack of its event, over another connection, so both sides wait for each other here, for
// as long as `remembered` newer ones have not come.
//
// Threads: any.
class PushClock {
 public:
  explicit PushClock(Histogram& latencies) : latencies_(latencies) {}

  // An event that was due at `due` gave the player, by its hash, this total.
  void acked(std::uint64_t player, std::int64_t total, Position position, std::int64_t due_ns);

  // What a watcher remembers between messages.
  struct Watcher {
    Position version = 0;
  };
  // A message for a watcher: the snapshot, or a change, that came at `now_ns`.
  void seen(Watcher& watcher, std::string_view message, std::int64_t now_ns);

  static std::uint64_t hash_of(std::string_view player);

 private:
  static constexpr std::size_t remembered = 200'000;  // Some ten seconds at 18,000 events per second.

  struct Scored {
    Position position = 0;
    std::int64_t due_ns = 0;
  };
  struct Shown {
    std::uint64_t key = 0;
    Position after = 0;
    Position until = 0;
    std::int64_t seen_ns = 0;
  };
  static std::uint64_t key_of(std::uint64_t player, std::int64_t total);
  bool match(const Scored& scored, const Shown& shown);
  void show(const Shown& shown);

  std::mutex mutex_;  // Guards the rest.
  Histogram& latencies_;
  absl::flat_hash_map<std::uint64_t, Scored> scored_;
  std::deque<std::uint64_t> scored_order_;
  absl::flat_hash_map<std::uint64_t, std::vector<Shown>> shown_;  // Whose ack has not come.
  std::deque<std::uint64_t> shown_order_;
};

// The whole number behind `name` (with its quotes and colon) in `json`, looked for from `from` on; 0 if there is none.
std::int64_t number_behind(std::string_view json, std::string_view name, std::size_t from = 0);

}  // namespace tallyho
