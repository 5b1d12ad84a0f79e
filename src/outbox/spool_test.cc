// The spool beside a list: through restarts, lost ends and damage, whatever the writer has got to.
#include "outbox/spool.h"

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>

#include "base/testing/temporary_folder.h"
#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tallyho {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;

constexpr std::string_view identity = "0123456789abcdef0123456789abcdef";
constexpr Position all = ~Position{0};

std::vector<std::filesystem::path> files_in(const TemporaryFolder& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) files.push_back(entry.path());
  std::ranges::sort(files);
  return files;
}

// A log whose positions may have something to say, a spool that is told, and a receiver that hears it.
class World {
 public:
  explicit World(Spool::Options options = {.segment_bytes = 2048}) : options_(options) {}
  ~World() { close(); }

  // Opens it, with a log that ends at `last`, and replays that.
  void open(Position last) {
    said_.resize(last);
    directory_ = std::move(*open_log_directory(folder_.path()));
    auto opened = Spool::open(*directory_, std::string(identity), last, options_,
                              [this](std::string_view warning) { warnings_.emplace_back(warning); });
    ASSERT_TRUE(opened) << opened.error().text();
    spool_ = std::move(*opened);
    mark_ = spool_->resume(mark_);
    for (Position position = 1; position <= last; ++position) add(position);
  }
  void close() {
    spool_.reset();
    directory_.reset();
  }

  void happen(std::string text) {
    said_.push_back(std::move(text));
    add(said_.size());
  }
  // The receiver hears what is written up to there, about so many bytes at once.
  void hear(Position durable, std::size_t bytes = 1000) {
    while (true) {
      std::string text;
      const auto end = spool_->take(mark_, durable, bytes, text);
      ASSERT_TRUE(end) << end.error().text();
      if (!*end) return;
      heard_ += text;
      mark_ = **end;
      spool_->taken(mark_);
    }
  }
  // Until everything was written and heard.
  void hear_all() {
    spool_->hand_over(said_.size(), true);
    while (spool_->bytes() > 0 || heard_.size() < expected().size()) hear(all);
  }

  std::string expected() const {
    std::string text;
    for (const std::string& said : said_) text += said;
    return text;
  }
  const std::string& heard() const { return heard_; }
  Position heard_through() const { return mark_.position; }
  Position last() const { return said_.size(); }
  Spool& spool() { return *spool_; }
  const TemporaryFolder& folder() const { return folder_; }
  const std::vector<std::string>& warnings() const { return warnings_; }

 private:
  void add(Position position) {
    if (!said_[position - 1].empty()) spool_->add(position, said_[position - 1]);
    spool_->hand_over(position, position % 3 == 0);
  }

  const Spool::Options options_;
  TemporaryFolder folder_;
  std::unique_ptr<LogDirectory> directory_;
  std::vector<std::string> said_;
  std::vector<std::string> warnings_;
  std::string heard_;
  SpoolMark mark_;
  std::unique_ptr<Spool> spool_;
};

TEST(Spool, WhatIsAddedIsTakenInOrder) {
  World world;
  world.open(0);
  for (int i = 0; i < 100; ++i) world.happen(i % 4 == 0 ? "" : "message " + std::to_string(i) + "\n");
  world.hear_all();
  EXPECT_EQ(world.heard(), world.expected());
  EXPECT_THAT(world.warnings(), IsEmpty());
}

TEST(Spool, NothingIsTakenBeforeItIsDurable) {
  World world;
  world.open(0);
  for (int i = 1; i <= 9; ++i) world.happen(std::to_string(i));
  world.spool().hand_over(9, true);
  while (world.heard().size() < 5) world.hear(5);  // Or the test's time is up: it is being written.
  world.hear(5);
  EXPECT_EQ(world.heard(), "12345");
  world.hear_all();
  EXPECT_EQ(world.heard(), "123456789");
}

TEST(Spool, ATakeEndsSoonAfterItIsFull) {
  World world;
  world.open(0);
  for (int i = 0; i < 10; ++i) world.happen(std::string(100, static_cast<char>('a' + i)));
  world.spool().hand_over(10, true);
  std::string text;
  while (text.size() < 250) {  // Until enough is written.
    text.clear();
    ASSERT_TRUE(world.spool().take({}, all, 250, text));
  }
  EXPECT_EQ(text.size(), 300U);
}

TEST(Spool, WhatWasTakenGoes) {
  World world;
  world.open(0);
  for (int i = 0; i < 200; ++i) {
    world.happen(std::string(100, 'x'));
    world.hear_all();
  }
  EXPECT_LE(files_in(world.folder()).size(), 2U);
  EXPECT_EQ(world.spool().bytes(), 0U);
}

TEST(Spool, WhoseReceiverIsTooFarBehindTakesNothingMoreUntilTheNextStart) {
  World world({.segment_bytes = 2048, .bytes_max = 10'000});
  world.open(0);
  for (int i = 0; i < 200; ++i) world.happen(std::string(100, static_cast<char>('a' + i % 26)));
  EXPECT_FALSE(world.spool().is_complete());
  EXPECT_THAT(world.warnings(), ElementsAre(HasSubstr("too far behind")));
  while (world.spool().bytes() > 0) world.hear(all);
  EXPECT_LT(world.heard().size(), world.expected().size());
  EXPECT_TRUE(world.expected().starts_with(world.heard()));
  // Each start brings as much of the rest as there is room for, and what it brings is the very next.
  for (int starts = 0; starts < 10 && world.heard() != world.expected(); ++starts) {
    world.close();
    world.open(world.last());
    world.spool().hand_over(world.last(), true);
    const std::size_t before = world.heard().size();
    while (world.heard().size() == before) world.hear(all);
    while (world.spool().bytes() > 0) world.hear(all);
  }
  EXPECT_EQ(world.heard(), world.expected());
}

// Goal: whatever a crash or a lost end of the log leaves behind, everything that the log has to say is heard, once and
// in order. Method: a random life of adding, hearing and closing; between two lives the files are cut or damaged
// anywhere, and the log may lose what was not durable and go on with something else.
TEST(Spool, NothingIsMissingAfterLostEndsAndDamage) {
  const char* wanted = std::getenv("TALLYHO_SEED");
  const auto seed = wanted != nullptr ? std::strtoull(wanted, nullptr, 10) : std::random_device()();
  SCOPED_TRACE("TALLYHO_SEED=" + std::to_string(seed));
  std::mt19937_64 random(seed);
  const auto below = [&](std::uint64_t n) { return std::uniform_int_distribution<std::uint64_t>(0, n - 1)(random); };
  for (int round = 0; round < 20; ++round) {
    World world;
    Position last = 0;
    for (int life = 0; life < 8; ++life) {
      ASSERT_NO_FATAL_FAILURE(world.open(last));
      for (std::uint64_t i = below(200); i > 0; --i) {
        std::string text;
        if (below(3) > 0) text = std::string(1 + below(300), static_cast<char>('a' + below(26)));
        world.happen(text);
        if (below(10) == 0) world.hear(world.last() - below(world.last() + 1), 1 + below(2000));
      }
      const Position heard = world.heard_through();
      world.close();
      last = heard + below(world.last() - heard + 1);  // What was heard was durable.
      for (const auto& file : files_in(world.folder())) {
        const auto size = std::filesystem::file_size(file);
        if (size == 0 || below(4) > 0) continue;
        if (below(2) == 0) {
          std::filesystem::resize_file(file, below(size));
        } else {
          std::fstream stream(file, std::ios::in | std::ios::out | std::ios::binary);
          stream.seekp(static_cast<std::streamoff>(below(size)));
          stream.put(static_cast<char>(below(256)));
        }
      }
    }
    ASSERT_NO_FATAL_FAILURE(world.open(last));
    world.hear_all();
    ASSERT_EQ(world.heard(), world.expected()) << "round " << round;
    EXPECT_THAT(world.warnings(), IsEmpty());
  }
}

TEST(Spool, ARecordOfAnotherLogIsNone) {
  TemporaryFolder folder;
  auto directory = std::move(*open_log_directory(folder.path()));
  const auto open = [&](const std::string& log) {
    return std::move(*Spool::open(*directory, log, 100, {}, [](std::string_view) {}));
  };
  {
    const auto spool = open(std::string(identity));
    spool->add(5, "five");
    spool->hand_over(5, true);
  }
  EXPECT_EQ(open(std::string(identity))->found_through(), 5U);
  EXPECT_EQ(open("00000000000000000000000000000000")->found_through(), 0U);
}

}  // namespace
}  // namespace tallyho
