// tallyho.h from many threads, and with memory that runs out. Linked with libtallyho.so, as hosts are.

#include <array>
#include <atomic>
#include <cstdint>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <new>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "base/testing/temporary_folder.h"
#include "fmt/format.h"
#include "gtest/gtest.h"
#include "tallyho.h"

namespace {

constexpr std::int64_t never = -1;
// How many allocations of this thread succeed until all fail.
thread_local std::int64_t allocations_left = never;

bool may_allocate() {
  if (allocations_left == never) return true;
  if (allocations_left == 0) return false;
  --allocations_left;
  return true;
}

}  // namespace

// The library's own, too: it finds them here. Not inlined: g++ takes a pair of which it sees only one half for a
// mistake.
void* operator new(std::size_t bytes) {
  if (may_allocate()) {
    if (void* memory = std::malloc(bytes == 0 ? 1 : bytes)) return memory;
  }
  throw std::bad_alloc();
}
void* operator new(std::size_t bytes, const std::nothrow_t&) noexcept {
  return may_allocate() ? std::malloc(bytes == 0 ? 1 : bytes) : nullptr;
}
[[gnu::noinline]] void operator delete(void* memory) noexcept {
  std::free(memory);
}
[[gnu::noinline]] void operator delete(void* memory, std::size_t) noexcept {
  std::free(memory);
}

namespace {

constexpr const char* game =
    "tallyho: 1\n"
    "name: game\n"
    "events: {find: {value: {type: int, min: -100, max: 100}, treasure: string}}\n"
    "state:\n"
    "  player: {seen: {type: set, capacity: 1000}, finds: int}\n"
    "  treasure: {key: event.treasure, finders: int}\n"
    "rules:\n"
    "  - {id: no-debt, on: find, when: event.value < 0, reject: \"'no debts: ' + string(event.value)\"}\n"
    "  - {id: find, on: find, points: event.value, add: {player.seen: event.treasure},\n"
    "     set: {player.finds: player.finds + 1, treasure.finders: treasure.finders + 1},\n"
    "     notify: \"'found ' + event.treasure\"}\n"
    "boards: [{id: global}, {id: by-treasure, on: find, group_by: event.treasure}]\n";

struct Closing {
  void operator()(tallyho_engine* engine) const { tallyho_engine_close(engine); }
  void operator()(tallyho_batch* batch) const { tallyho_batch_close(batch); }
};
using EnginePointer = std::unique_ptr<tallyho_engine, Closing>;
using BatchPointer = std::unique_ptr<tallyho_batch, Closing>;

int open_game(EnginePointer& engine) {
  tallyho_options options{};
  options.size = sizeof(options);
  options.ruleset_source = game;
  tallyho_engine* opened = nullptr;
  const int code = tallyho_engine_open(&options, &opened);
  engine.reset(opened);
  return code;
}

EnginePointer opened_game() {
  EnginePointer engine;
  EXPECT_EQ(open_game(engine), TALLYHO_OK) << tallyho_last_error();
  return engine;
}

std::string find(std::string_view player, int value, std::string_view treasure = "t") {
  return fmt::format(R"({{"type":"find","player":"{}","value":{},"treasure":"{}"}})", player, value, treasure);
}

std::string hash_of(tallyho_engine* engine) {
  std::array<char, 33> hash{};
  EXPECT_EQ(tallyho_state_hash(engine, hash.data()), TALLYHO_OK);
  return hash.data();
}

// All players' points, added up from the board.
std::int64_t sum_of(tallyho_engine* engine, std::size_t players) {
  tallyho_place place{};
  place.size = sizeof(place);
  place.board = "global";
  tallyho_page page{};
  page.size = sizeof(page);
  EXPECT_EQ(tallyho_board_page(engine, &place, 1, 1000, &page), TALLYHO_OK) << tallyho_last_error();
  EXPECT_EQ(page.member_count, players);
  std::int64_t sum = 0;
  for (std::size_t i = 0; i < page.member_count; ++i) sum += page.members[i].value;
  return sum;
}

TEST(Threads, ScoreWithOneEngineAtTheSameTimeAndNoEventIsLost) {
  constexpr int threads = 4;
  constexpr int events = 400;
  const EnginePointer engine = opened_game();
  std::atomic<int> unexpected{0};
  std::vector<std::thread> running;
  for (int thread = 0; thread < threads; ++thread) {
    running.emplace_back([&, thread] {
      const EnginePointer own = opened_game();  // Decoders are kept for each engine.
      const BatchPointer batch(tallyho_batch_open());
      for (int i = 0; i < events; ++i) {
        const std::string event = find("p" + std::to_string(i % 10), thread + 1);
        tallyho_outcome outcome{};
        outcome.size = sizeof(outcome);
        if (tallyho_score(engine.get(), event.data(), event.size(), 0, &outcome) != TALLYHO_OK) ++unexpected;
        if (outcome.points != thread + 1 || outcome.fired_count != 1) ++unexpected;
        const std::string two = event + "\n" + find("q", -1) + "\n" + event;
        tallyho_score_batch(engine.get(), two.data(), two.size(), TALLYHO_WITH_RANKS, batch.get());
        if (tallyho_batch_count(batch.get()) != 3 || tallyho_batch_codes(batch.get())[1] != TALLYHO_REJECTED) {
          ++unexpected;
        }
        if (tallyho_score(own.get(), event.data(), event.size(), 0, &outcome) != TALLYHO_OK) ++unexpected;
        if (tallyho_score(own.get(), "{", 1, 0, &outcome) != TALLYHO_MALFORMED) ++unexpected;
        if (std::string_view(tallyho_last_error()) != "") ++unexpected;
      }
      if (sum_of(own.get(), 10) != events * (thread + 1)) ++unexpected;
    });
  }
  for (std::thread& thread : running) thread.join();
  EXPECT_EQ(unexpected, 0);
  EXPECT_EQ(sum_of(engine.get(), 10), 3 * events * (1 + 2 + 3 + 4));
}

TEST(Threads, MeetAtTheProcessWideEngineWhoseRulesetIsLoadedOnce) {
  std::atomic<int> unexpected{0};
  std::vector<std::thread> running;
  for (int thread = 0; thread < 4; ++thread) {
    running.emplace_back([&, thread] {
      const std::string event =
          fmt::format(R"({{"type":"chest_opened","player":"p{}","chest":"attic","locks":3,"seconds":10}})", thread);
      std::int64_t points = 0;
      std::array<char, 64> error{};
      if (score_event(event.data(), event.size(), &points, error.data(), error.size()) != TALLYHO_OK) ++unexpected;
      if (points != 115) ++unexpected;
      if (score_event(event.data(), event.size(), &points, error.data(), error.size()) != TALLYHO_REJECTED) {
        ++unexpected;
      }
      if (std::string_view(error.data()) != "rule 'chest-again': chest already opened") ++unexpected;
    });
  }
  for (std::thread& thread : running) thread.join();
  EXPECT_EQ(unexpected, 0);
  EXPECT_EQ(sum_of(nullptr, 4), 4 * 115);
}

// The next allocation but `left` fails, and all behind it, while this lives.
class Shortage {
 public:
  explicit Shortage(std::int64_t left) { allocations_left = left; }
  ~Shortage() { allocations_left = never; }
  Shortage(const Shortage&) = delete;
  Shortage& operator=(const Shortage&) = delete;
  bool was_met() const { return allocations_left == 0; }
};

// In a thread of its own, whose first call it is.
template <typename Body>
void in_new_thread(Body&& body) {
  std::thread(std::forward<Body>(body)).join();
}

TEST(Shortage, InAThreadsFirstCallIsACode) {
  for (std::int64_t left = 0; left < 2; ++left) {
    in_new_thread([left] {
      const Shortage shortage(left);
      EnginePointer engine;
      EXPECT_EQ(open_game(engine), TALLYHO_CAPACITY);
      EXPECT_EQ(engine, nullptr);
    });
  }
}

std::vector<std::string> shortage_events() {
  std::vector<std::string> events;
  for (int i = 0; i < 40; ++i) {
    events.push_back(find("player-" + std::to_string(i % 17), i, "treasure-" + std::to_string(i)));
    if (i % 5 == 0) events.push_back(find("player-0", -1));
    if (i % 7 == 0) events.push_back(find("player-0", 101));
  }
  return events;
}

// Scores the events, with a shortage from `left` allocations on until a call is refused for it; what was refused is
// sent again, unless the engine says that it can't be trusted any more. True if it was met.
bool score_with_shortage(std::int64_t left, const std::string& expected, int& broken) {
  const EnginePointer engine = opened_game();
  const std::vector<std::string> events = shortage_events();
  bool was_met = false;
  std::size_t next = 0;
  {
    const Shortage shortage(left);
    for (; next < events.size() && !was_met; ++next) {
      std::int64_t points = 0;
      tallyho_outcome outcome{};
      outcome.size = offsetof(tallyho_outcome, total);
      const int code = tallyho_score(engine.get(), events[next].data(), events[next].size(), 0, &outcome);
      points = outcome.points;
      was_met = code == TALLYHO_CAPACITY;
      if (was_met) {
        EXPECT_EQ(points, 0);
        EXPECT_STREQ(tallyho_last_error(), "out of memory");
        --next;
      }
    }
  }
  for (; next < events.size(); ++next) {
    tallyho_outcome outcome{};
    outcome.size = sizeof(outcome);
    const int code = tallyho_score(engine.get(), events[next].data(), events[next].size(), 0, &outcome);
    if (code != TALLYHO_UNAVAILABLE) continue;
    std::array<char, 33> hash{};
    EXPECT_EQ(tallyho_state_hash(engine.get(), hash.data()), TALLYHO_UNAVAILABLE);
    ++broken;
    return was_met;
  }
  EXPECT_EQ(hash_of(engine.get()), expected) << "after " << left << " allocations";
  return was_met;
}

TEST(Shortage, WhileEventsAreScoredIsACodeAndNothingWrongIsEverShown) {
  const EnginePointer reference = opened_game();
  for (const std::string& event : shortage_events()) {
    tallyho_outcome outcome{};
    outcome.size = sizeof(outcome);
    tallyho_score(reference.get(), event.data(), event.size(), 0, &outcome);
  }
  const std::string expected = hash_of(reference.get());
  int met = 0;
  int broken = 0;
  for (std::int64_t left = 0;; ++left) {
    bool was_met = false;
    in_new_thread([&] { was_met = score_with_shortage(left, expected, broken); });
    if (!was_met) break;
    ++met;
  }
  EXPECT_GT(met, 50);
  EXPECT_GT(broken, 0);
  EXPECT_LT(broken, met);
}

TEST(Shortage, InABatchKeepsTheOutcomesBeforeIt) {
  const std::vector<std::string> events = shortage_events();
  std::string lines;
  for (const std::string& event : events) lines += event + "\n";
  int met = 0;
  for (std::int64_t left = 0;; ++left) {
    const EnginePointer engine = opened_game();
    const BatchPointer batch(tallyho_batch_open());
    int code = TALLYHO_INTERNAL;
    {
      const Shortage shortage(left);
      code = tallyho_score_batch(engine.get(), lines.data(), lines.size(), TALLYHO_WITH_RANKS, batch.get());
    }
    if (code == TALLYHO_OK) break;
    ++met;
    ASSERT_EQ(code, TALLYHO_CAPACITY);
    ASSERT_LT(tallyho_batch_count(batch.get()), events.size());
    for (std::size_t i = 0; i < tallyho_batch_count(batch.get()); ++i) {
      ASSERT_NE(tallyho_batch_codes(batch.get())[i], TALLYHO_INTERNAL);
    }
  }
  EXPECT_GT(met, 50);
}

TEST(Shortage, InAQueryIsACodeAndTheNextOneAnswers) {
  const EnginePointer engine = opened_game();
  const std::string event = find("somebody-with-a-name-too-long-to-be-kept-in-place", 3);
  tallyho_outcome outcome{};
  outcome.size = sizeof(outcome);
  ASSERT_EQ(tallyho_score(engine.get(), event.data(), event.size(), 0, &outcome), TALLYHO_OK);
  tallyho_place place{};
  place.size = sizeof(place);
  place.board = "global";
  tallyho_page page{};
  page.size = sizeof(page);
  int met = 0;
  for (std::int64_t left = 0;; ++left) {
    int code = TALLYHO_INTERNAL;
    in_new_thread([&] {
      const Shortage shortage(left);
      code = tallyho_board_around(engine.get(), &place, "somebody-with-a-name-too-long-to-be-kept-in-place", 5, &page);
    });
    if (code == TALLYHO_OK) break;
    ++met;
    ASSERT_EQ(code, TALLYHO_CAPACITY);
  }
  EXPECT_GT(met, 0);
  EXPECT_EQ(sum_of(engine.get(), 1), 3);
  const Shortage shortage(0);
  EXPECT_EQ(tallyho_batch_open(), nullptr);
}

void score_all(tallyho_engine* engine, const std::vector<std::string>& events) {
  for (const std::string& event : events) {
    tallyho_outcome outcome{};
    outcome.size = sizeof(outcome);
    tallyho_score(engine, event.data(), event.size(), 0, &outcome);
  }
}

class Snapshots : public testing::Test {
 protected:
  Snapshots() { score_all(engine_.get(), shortage_events()); }

  std::string bytes() const {
    std::ifstream file(path_, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), {}};
  }
  void overwrite(const std::string& bytes) const { std::ofstream(path_, std::ios::binary) << bytes; }

  const tallyho::TemporaryFolder folder_;
  const std::string path_ = folder_.path() + "/saved";
  const EnginePointer engine_ = opened_game();
};

TEST_F(Snapshots, WithAByteChangedOrMissingAreRefusedAndChangeNothing) {
  ASSERT_EQ(tallyho_snapshot_save(engine_.get(), path_.c_str()), TALLYHO_OK) << tallyho_last_error();
  const std::string whole = bytes();
  const EnginePointer other = opened_game();
  const std::string before = hash_of(other.get());
  for (std::size_t at = 0; at < whole.size(); at += 7) {
    std::string damaged = whole;
    damaged[at] = static_cast<char>(damaged[at] ^ (1 << (at % 8)));
    overwrite(damaged);
    ASSERT_EQ(tallyho_snapshot_load(other.get(), path_.c_str()), TALLYHO_INVALID_ARGUMENT) << "byte " << at;
    overwrite(whole.substr(0, at));
    ASSERT_EQ(tallyho_snapshot_load(other.get(), path_.c_str()), TALLYHO_INVALID_ARGUMENT) << at << " bytes";
  }
  EXPECT_EQ(hash_of(other.get()), before);
  overwrite(whole);
  EXPECT_EQ(tallyho_snapshot_load(other.get(), path_.c_str()), TALLYHO_OK) << tallyho_last_error();
  EXPECT_EQ(hash_of(other.get()), hash_of(engine_.get()));
}

TEST_F(Snapshots, OfAnotherRulesetCarryOverWhatHasAPlace) {
  ASSERT_EQ(tallyho_snapshot_save(engine_.get(), path_.c_str()), TALLYHO_OK) << tallyho_last_error();
  tallyho_options options{};
  options.size = sizeof(options);
  options.ruleset_source =
      "tallyho: 1\n"
      "name: later\n"
      "events: {find: {value: int}}\n"
      "state: {player: {finds: int}}\n"
      "rules: [{id: double, on: find, points: 2 * event.value, set: {player.finds: player.finds + 1}}]\n"
      "boards: [{id: global}]\n";
  tallyho_engine* opened = nullptr;
  ASSERT_EQ(tallyho_engine_open(&options, &opened), TALLYHO_OK) << tallyho_last_error();
  const EnginePointer later(opened);
  ASSERT_EQ(tallyho_snapshot_load(later.get(), path_.c_str()), TALLYHO_OK) << tallyho_last_error();
  const std::int64_t sum = sum_of(engine_.get(), 17);
  EXPECT_EQ(sum_of(later.get(), 17), sum);
  score_all(later.get(), {R"({"type":"find","player":"player-3","value":500})"});
  EXPECT_EQ(sum_of(later.get(), 17), sum + 1000);
}

// Whoever loads, whoever scores, whoever still reads an outcome: they don't disturb each other.
TEST_F(Snapshots, AreSavedAndLoadedWhileOthersScore) {
  ASSERT_EQ(tallyho_snapshot_save(engine_.get(), path_.c_str()), TALLYHO_OK) << tallyho_last_error();
  std::atomic<bool> stops{false};
  std::atomic<int> wrong{0};
  std::thread scoring([&] {
    for (int i = 0; !stops; ++i) {
      const std::string event = find("player-" + std::to_string(i % 17), 1, "t" + std::to_string(i % 50));
      tallyho_outcome outcome{};
      outcome.size = sizeof(outcome);
      if (tallyho_score(engine_.get(), event.data(), event.size(), 0, &outcome) != TALLYHO_OK) ++wrong;
      const std::string_view notice(outcome.notices[0].text.bytes, outcome.notices[0].text.size);
      if (notice != "found t" + std::to_string(i % 50)) ++wrong;
    }
  });
  const std::string beside = folder_.path() + "/beside";
  for (int i = 0; i < 20; ++i) {
    EXPECT_EQ(tallyho_snapshot_save(engine_.get(), beside.c_str()), TALLYHO_OK) << tallyho_last_error();
    EXPECT_EQ(tallyho_snapshot_load(engine_.get(), beside.c_str()), TALLYHO_OK) << tallyho_last_error();
  }
  stops = true;
  scoring.join();
  EXPECT_EQ(wrong, 0);
  EXPECT_EQ(tallyho_snapshot_load(engine_.get(), path_.c_str()), TALLYHO_OK) << tallyho_last_error();
  const EnginePointer reference = opened_game();
  score_all(reference.get(), shortage_events());
  EXPECT_EQ(hash_of(engine_.get()), hash_of(reference.get()));
}

}  // namespace
