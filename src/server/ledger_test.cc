// The ledger beside a naive one: through restarts, lost ends and damage, whatever the writer has got to.
#include "server/ledger.h"

#include <array>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <map>
#include <random>

#include "base/json.h"
#include "base/testing/temporary_folder.h"
#include "gtest/gtest.h"
#include "log/testing/forwarding.h"
#include "simdjson.h"

namespace tallyho {
namespace {

constexpr std::string_view identity = "0123456789abcdef0123456789abcdef";

std::vector<std::filesystem::path> files_in(const TemporaryFolder& folder) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(folder.path())) files.push_back(entry.path());
  std::ranges::sort(files);
  return files;
}

// What happened at a position, as the test remembers it.
struct Happened {
  Symbol player = 0;
  bool is_forgotten = false;
  std::int64_t points = 0;
  std::int64_t total = 0;
  std::string id = {};
  std::vector<LedgerRule> fired = {};
};

std::string name_of(Symbol player) {
  return "player-" + std::to_string(player);
}

// Nothing else in a ledger's files looks like that.
std::string mark_of(Position position) {
  return "<at position " + std::to_string(position) + ">";
}

// A game: what happened at each position, and the ledger that is told of it.
class World {
 public:
  explicit World(std::uint64_t segment_bytes = 4096) : options_{.segment_bytes = segment_bytes} {
    for (Symbol player = 0; player < players; ++player) symbols_.intern(name_of(player));
  }

  // Opens it, with a log that ends at `last`, but has what was durable, and replays that.
  void open(Position last) {
    last = durable_ = std::max(last, durable_);
    happened_.resize(last);
    ledger_.reset();
    auto opened = Ledger::open(std::move(*open_log_directory(directory_.path())), std::string(identity), last, options_,
                               [](std::string_view warning) { ADD_FAILURE() << warning; });
    ASSERT_TRUE(opened) << opened.error().text();
    ledger_ = std::move(*opened);
    for (Position position = 1; position <= last; ++position) enter(position);
    ledger_->settle(symbols_);
  }
  void close() { ledger_.reset(); }

  void happen(std::mt19937_64& random) {
    Happened one{.player = static_cast<Symbol>(random() % players), .is_forgotten = random() % 50 == 0};
    one.points = static_cast<std::int64_t>(random() % 100) - 20;
    one.total = static_cast<std::int64_t>(random());
    one.id = std::string(random() % 40, 'i') + mark_of(happened_.size() + 1);
    for (auto rules = random() % 4; rules > 0; --rules) one.fired.push_back({"some-rule", one.points});
    happened_.push_back(one);
    enter(happened_.size());
    if (random() % 10 == 0) ledger_->hand_over(random() % 2 == 0);
  }

  // No log loses what was durable.
  void become_durable(Position position) {
    durable_ = std::max(durable_, position);
    ledger_->erase(durable_);
  }

  // In the files there is what happened, and nothing of what somebody had done who is forgotten.
  void expect_nothing_forgotten() const {
    std::string bytes;
    for (const auto& path : files_in(directory_)) {
      std::ifstream file(path, std::ios::binary);
      bytes.append(std::istreambuf_iterator<char>(file), {});
    }
    std::array<Position, players> forgotten{};
    for (Position position = 1; position <= happened_.size(); ++position) {
      if (happened_[position - 1].is_forgotten) forgotten[happened_[position - 1].player] = position;
    }
    for (Position position = 1; position <= happened_.size(); ++position) {
      const Happened& one = happened_[position - 1];
      if (one.is_forgotten) continue;
      const bool is_there = bytes.find(mark_of(position)) != std::string::npos;
      EXPECT_EQ(is_there, position > forgotten[one.player]) << position;
    }
  }

  // Every player's ledger, read in pages, is what happened.
  void expect_right(std::mt19937_64& random) {
    ledger_->hand_over(true);
    for (Symbol player = 0; player < players; ++player) {
      std::vector<Position> expected;
      for (Position position = 1; position <= happened_.size(); ++position) {
        if (happened_[position - 1].player != player) continue;
        if (happened_[position - 1].is_forgotten) {
          expected.clear();
        } else {
          expected.insert(expected.begin(), position);
        }
      }
      EXPECT_EQ(read(player, static_cast<std::uint32_t>(1 + random() % 20)), expected) << name_of(player);
    }
  }

  Ledger& ledger() { return *ledger_; }
  const TemporaryFolder& directory() const { return directory_; }
  Position last() const { return happened_.size(); }

 private:
  static constexpr Symbol players = 7;

  void enter(Position position) {
    const Happened& one = happened_[position - 1];
    const std::string name = name_of(one.player);
    if (one.is_forgotten) return ledger_->forget(one.player, name, position);
    ledger_->add(one.player, {.position = position,
                              .at = {static_cast<std::int64_t>(position), 5},
                              .points = one.points,
                              .total = one.total,
                              .player = name,
                              .id = one.id,
                              .type = "find",
                              .fired = one.fired});
  }

  std::vector<Position> read(Symbol player, std::uint32_t limit) {
    std::vector<Position> positions;
    for (std::uint64_t offset = ledger_->newest(player); offset != 0;) {
      const auto page = ledger_->read(name_of(player), offset, limit);
      if (!page) {
        ADD_FAILURE() << page.error().message;
        break;
      }
      simdjson::dom::parser parser;
      const simdjson::dom::element json = parser.parse(*page);
      std::uint32_t entries = 0;
      const simdjson::dom::array listed = json["entries"].get_array().value();
      for (const simdjson::dom::element entry : listed) {
        ++entries;
        const Position position = entry["position"].get_uint64().value();
        const Happened& one = happened_[position - 1];
        EXPECT_EQ(entry["points"].get_int64().value(), one.points);
        EXPECT_EQ(entry["total"].get_int64().value(), one.total);
        EXPECT_EQ(entry["fired"].get_array().value().size(), one.fired.size());
        positions.push_back(position);
      }
      EXPECT_LE(entries, limit);
      std::string_view cursor;
      offset = json["cursor"].get(cursor) == simdjson::SUCCESS ? std::stoull(std::string(cursor)) : 0;
      if (offset != 0) {
        EXPECT_EQ(entries, limit);
      }
    }
    return positions;
  }

  const TemporaryFolder directory_;
  const Ledger::Options options_;
  SymbolTable symbols_;
  std::vector<Happened> happened_;
  Position durable_ = 0;
  std::unique_ptr<Ledger> ledger_;
};

// Goal: whatever was lost of the log or of the files, a player's entries are those of what happened.
// Method: many lives of one ledger; between them the log loses some last positions, or the files some bytes.
TEST(Ledger, IsWhatHappenedAfterEveryRestart) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  World world;
  for (int life = 0; life < 60 && !testing::Test::HasFailure(); ++life) {
    SCOPED_TRACE(testing::Message() << "life " << life);
    const Position lost = random() % 3 == 0 ? random() % (world.last() / 4 + 1) : 0;
    world.open(world.last() - lost);
    world.expect_right(random);
    for (auto events = random() % 200; events > 0; --events) {
      world.happen(random);
      if (random() % 100 == 0) world.become_durable(world.last() - random() % world.last() / 4);
    }
    world.expect_right(random);
    world.close();
    const auto files = files_in(world.directory());
    if (files.empty() || random() % 2 == 0) continue;
    const auto& file = files[random() % files.size()];
    const auto size = std::filesystem::file_size(file);
    const auto at = random() % (size + 1);
    if (random() % 3 == 0) {
      std::filesystem::remove(file);
    } else if (random() % 2 == 0) {
      std::filesystem::resize_file(file, at);
    } else {
      std::fstream bytes(file, std::ios::binary | std::ios::in | std::ios::out);
      bytes.seekp(static_cast<std::streamoff>(at));
      bytes.put(static_cast<char>(random()));
    }
  }
  EXPECT_GT(files_in(world.directory()).size(), 3U);
}

TEST(Ledger, ErasesWhatSomebodyHadDoneOnceItIsDurableThatTheyAreForgotten) {
  const unsigned seed = std::random_device()();
  SCOPED_TRACE(testing::Message() << "seed " << seed);
  std::mt19937_64 random(seed);
  World world;
  world.open(0);
  for (int life = 0; life < 6; ++life) {
    for (int i = 0; i < 200; ++i) {
      world.happen(random);
      if (i % 70 == 0) world.become_durable(world.last());
    }
    if (life % 2 == 0) world.become_durable(world.last());
    world.close();
    if (life % 2 == 0) world.expect_nothing_forgotten();
    world.open(world.last());  // Whatever was not durable is now.
    world.expect_right(random);
    world.expect_nothing_forgotten();
  }
}

TEST(Ledger, KeepsTheEntriesOfWhoWasForgottenByARecordThatTheLogLost) {
  std::mt19937_64 random(11);
  World world;
  world.open(0);
  for (int i = 0; i < 300; ++i) world.happen(random);
  world.close();
  world.open(world.last() / 2);
  EXPECT_EQ(world.last(), 150U);
  world.expect_right(random);
  world.expect_nothing_forgotten();
}

TEST(Ledger, SeesThatAFileInTheMiddleWasCutShortBetweenTwoEntries) {
  std::mt19937_64 random(12);
  World world;
  world.open(0);
  for (int i = 0; i < 200; ++i) world.happen(random);
  world.become_durable(world.last());
  world.close();
  const auto files = files_in(world.directory());
  ASSERT_GT(files.size(), 3U);
  std::ifstream file(files[1], std::ios::binary);
  const std::string bytes(std::istreambuf_iterator<char>(file), {});
  constexpr std::size_t header_bytes = 64;
  const auto first = ledger_entry_size(std::as_bytes(std::span(bytes).subspan(header_bytes)));
  ASSERT_TRUE(first);
  std::filesystem::resize_file(files[1], header_bytes + *first);
  world.open(world.last());
  EXPECT_LT(world.ledger().found_through(), world.last());
  world.expect_right(random);
}

// A directory whose ledgers are interrupted just before they say that all is erased.
class EndsBeforeAllIsErased final : public ForwardingDirectory {
 public:
  explicit EndsBeforeAllIsErased(const std::string& path)
      : ForwardingDirectory(std::move(*open_log_directory_beside(path))) {}
  IoStatus remove(std::string_view name) override {
    return name == "ledger-erasing" ? IoStatus() : ForwardingDirectory::remove(name);
  }
};

std::string bytes_in(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

// Goal: nobody else's entries are lost where a power failure leaves some sectors of what was being erased as they were.
// Method: every other entry is of a player who is forgotten; the files are put together from those before and after, by
// chance for each sector, with the note of what was being done.
TEST(Ledger, LosesNobodyElsesEntriesWhereErasingIsTorn) {
  constexpr Position last = 400;
  const TemporaryFolder folder;
  SymbolTable symbols;
  symbols.intern("ada");
  symbols.intern("bob");
  const auto open = [](std::unique_ptr<LogDirectory> directory) {
    return std::move(*Ledger::open(std::move(directory), std::string(identity), last, {.segment_bytes = 8192},
                                   [](std::string_view warning) { ADD_FAILURE() << warning; }));
  };
  {
    const auto ledger = open(std::move(*open_log_directory_beside(folder.path())));
    for (Position position = 1; position < last; ++position) {
      const bool is_adas = position % 2 == 0;
      const std::string id = (is_adas ? "secret-" : "e-") + std::string(position % 60, 'i');
      const std::string_view player = is_adas ? "ada" : "bob";
      ledger->add(is_adas ? 0 : 1, {.position = position, .at = {}, .player = player, .id = id, .type = "find"});
    }
  }
  std::map<std::string, std::string> before;
  for (const auto& path : files_in(folder)) before[path.filename()] = bytes_in(path);
  ASSERT_GT(before.size(), 3U);
  {
    const auto ledger = open(std::make_unique<EndsBeforeAllIsErased>(folder.path()));
    ledger->settle(symbols);
    ledger->forget(0, "ada", last);
    ledger->erase(last);
  }
  std::mt19937_64 random(20261122);
  for (int image = 0; image < 50; ++image) {
    const TemporaryFolder torn;
    for (const auto& path : files_in(folder)) {
      constexpr std::size_t sector = 512;
      std::string bytes = bytes_in(path);
      const std::string& old = before[path.filename()];
      for (std::size_t at = 0; at < old.size(); at += sector) {
        if (random() % 2 == 0) bytes.replace(at, sector, old, at, sector);
      }
      std::ofstream(torn.path() + "/" + path.filename().string(), std::ios::binary) << bytes;
    }
    const auto ledger = open(std::move(*open_log_directory_beside(torn.path())));
    EXPECT_GE(ledger->found_through(), last - 1);
    ledger->settle(symbols);
    const auto page = ledger->read("bob", ledger->newest(1), last);
    ASSERT_TRUE(page) << page.error().message;
    simdjson::dom::parser parser;
    EXPECT_EQ(parser.parse(*page)["entries"].get_array().value().size(), last / 2);
    for (const auto& path : files_in(torn)) EXPECT_EQ(bytes_in(path).find("secret-"), std::string::npos) << path;
  }
}

TEST(Ledger, TakesAtMost16BytesOfMemoryAPlayerAlsoAfterARestart) {
  constexpr Symbol players = 100'000;
  const TemporaryFolder folder;
  SymbolTable symbols;
  for (Symbol player = 0; player < players; ++player) symbols.intern(name_of(player));
  for (int life = 0; life < 2; ++life) {
    auto opened = Ledger::open(std::move(*open_log_directory(folder.path())), std::string(identity), players, {},
                               [](std::string_view warning) { ADD_FAILURE() << warning; });
    ASSERT_TRUE(opened) << opened.error().text();
    Ledger& ledger = **opened;
    for (Symbol player = 0; player < players; ++player) {
      const std::string name = name_of(player);
      ledger.add(player, {.position = player + Position{1},
                          .at = {},
                          .points = 1,
                          .total = 1,
                          .player = name,
                          .id = {},
                          .type = "find",
                          .fired = {}});
    }
    ledger.hand_over(true);
    ledger.settle(symbols);
    EXPECT_LE(ledger.memory_bytes(), 16U * players);
    EXPECT_NE(ledger.newest(players - 1), 0U);
  }
}

TEST(Ledger, IsNotWrittenAgainByAReplay) {
  std::mt19937_64 random(7);
  World world;
  world.open(0);
  for (int i = 0; i < 300; ++i) world.happen(random);
  world.become_durable(world.last());
  world.close();
  const auto files = files_in(world.directory());
  const auto written = std::filesystem::last_write_time(files.front());
  world.open(world.last());
  world.expect_right(random);
  world.close();
  EXPECT_EQ(files_in(world.directory()), files);
  EXPECT_EQ(std::filesystem::last_write_time(files.front()), written);
}

TEST(Ledger, OfAnotherLogIsNoneOfThisOne) {
  std::mt19937_64 random(8);
  World world;
  world.open(0);
  for (int i = 0; i < 30; ++i) world.happen(random);
  world.close();
  const auto opened = Ledger::open(std::move(*open_log_directory(world.directory().path())), std::string(32, 'f'), 1000,
                                   {.segment_bytes = 4096}, [](std::string_view) {});
  ASSERT_TRUE(opened);
  EXPECT_EQ((*opened)->found_through(), 0U);
  EXPECT_TRUE(files_in(world.directory()).empty());
}

TEST(Ledger, ACursorOpensNobodyElsesEntries) {
  std::mt19937_64 random(9);
  World world(1 << 20);
  world.open(0);
  for (int i = 0; i < 100; ++i) world.happen(random);
  world.ledger().hand_over(true);
  const std::uint64_t offset = world.ledger().newest(0);
  ASSERT_NE(offset, 0U);
  ASSERT_TRUE(world.ledger().read(name_of(0), offset, 1));
  for (const std::uint64_t wrong : {offset + 1, offset - 1, offset + 100'000'000, std::uint64_t{1}}) {
    const auto page = world.ledger().read(name_of(0), wrong, 1);
    ASSERT_FALSE(page);
    EXPECT_EQ(page.error().code, Code::invalid_argument);
  }
  EXPECT_EQ(world.ledger().read(name_of(1), offset, 1).error().code, Code::invalid_argument);
}

TEST(Ledger, EndsWhereTheDiskCannotKeepUpAndIsCompleteAfterTheNextStart) {
  const TemporaryFolder directory;
  const std::string name = name_of(0);
  SymbolTable symbols;
  symbols.intern(name);
  const auto open = [&](std::size_t waiting_bytes_max, std::string& warned) {
    return std::move(*Ledger::open(std::move(*open_log_directory(directory.path())), std::string(identity), 10,
                                   {.waiting_bytes_max = waiting_bytes_max},
                                   [&warned](std::string_view warning) { warned = warning; }));
  };
  const auto fill = [&](Ledger& ledger) {
    for (Position position = 1; position <= 10; ++position) {
      ledger.add(0, {.position = position, .at = {}, .player = name, .id = {}, .type = "find"});
      ledger.hand_over(true);
    }
  };
  std::string warned;
  {
    const auto ledger = open(100, warned);  // Less than the first file's header and an entry.
    fill(*ledger);
    EXPECT_FALSE(ledger->is_complete());
    EXPECT_NE(warned.find("can't keep up"), std::string::npos);
  }
  warned.clear();
  const auto ledger = open(1 << 20, warned);
  fill(*ledger);
  ledger->settle(symbols);
  EXPECT_EQ(warned, "");
  const auto page = ledger->read(name, ledger->newest(0), 100);
  ASSERT_TRUE(page);
  EXPECT_NE(page->find(R"("position":1,)"), std::string::npos);
}

TEST(LedgerEntry, SaysWhoMadeAnAdjustmentToWhoMayKnow) {
  for (const std::string_view by : {"", "ops@game.example"}) {
    std::string bytes;
    append_entry(bytes, {.position = 1, .at = {}, .player = "ada", .id = "case-1", .type = "adjustment", .by = by}, 7);
    std::vector<LedgerRule> rules;
    const auto entry = decode_entry(std::as_bytes(std::span(bytes)), 7, rules);
    ASSERT_TRUE(entry);
    EXPECT_EQ(entry->by, by);
    for (const bool may_know : {false, true}) {
      std::string text;
      JsonWriter json(text);
      append_json(json, *entry, may_know);
      EXPECT_EQ(text.contains(R"("by":"ops@game.example")"), may_know && !by.empty()) << text;
      EXPECT_EQ(text.contains("ops"), may_know && !by.empty()) << text;
    }
  }
}

TEST(LedgerEntry, WithMoreRulesThanThereIsRoomKeepsTheFirst) {
  const std::string rule(60, 'r');
  const std::vector<LedgerRule> fired(2000, LedgerRule{rule, 1});
  std::string bytes;
  append_entry(bytes, {.position = 1, .at = {}, .player = "ada", .id = "e", .type = "find", .fired = fired}, 7);
  EXPECT_LE(bytes.size(), ledger_entry_bytes_max);
  std::vector<LedgerRule> rules;
  const auto entry = decode_entry(std::as_bytes(std::span(bytes)), 7, rules);
  ASSERT_TRUE(entry);
  EXPECT_GT(entry->fired.size(), 900U);
  EXPECT_EQ(entry->fired.back().rule, rule);
  EXPECT_FALSE(decode_entry(std::as_bytes(std::span(bytes)), 8, rules));
}

}  // namespace
}  // namespace tallyho
