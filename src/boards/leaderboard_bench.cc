// What a leaderboard does per second, at 100 thousand and 2 million members.
#include <benchmark/benchmark.h>

#include <cstdint>
#include <map>
#include <memory>
#include <random>
#include <vector>

#include "boards/leaderboard.h"

namespace tallyho {
namespace {

// Values as a game has them: many small, few large. xorshift, so that drawing costs nothing beside the tree.
class Draw {
 public:
  std::uint64_t next() {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return state_;
  }
  Points value() { return static_cast<Points>(next() % 1000 * (next() % 1000)); }

 private:
  std::uint64_t state_ = 0x9e3779b97f4a7c15U;
};

struct Filled {
  Leaderboard board{Order::descending};
  Draw draw;
  Position position = 0;
  Member members;
  Member member() { return static_cast<Member>(draw.next() % members); }
};

// One of each size, made once.
Filled& filled(std::int64_t members) {
  static std::map<std::int64_t, std::unique_ptr<Filled>> boards;
  std::unique_ptr<Filled>& one = boards[members];
  if (one == nullptr) {
    one = std::make_unique<Filled>();
    one->members = static_cast<Member>(members);
    for (Member member = 0; member < one->members; ++member) {
      one->board.set(member, one->draw.value(), ++one->position);
    }
  }
  return *one;
}

void BM_RandomIncrement(benchmark::State& state) {
  Filled& game = filled(state.range(0));
  for (auto _ : state) {
    const Member member = game.member();
    const Points value = *game.board.value(member) + static_cast<Points>(game.draw.next() % 500);
    benchmark::DoNotOptimize(game.board.set(member, value, ++game.position));
  }
  state.SetItemsProcessed(state.iterations());
  state.counters["bytes_per_member"] =
      static_cast<double>(game.board.memory_bytes()) / static_cast<double>(game.members);
}

void BM_RandomSet(benchmark::State& state) {
  Filled& game = filled(state.range(0));
  for (auto _ : state) {
    benchmark::DoNotOptimize(game.board.set(game.member(), game.draw.value(), ++game.position));
  }
  state.SetItemsProcessed(state.iterations());
}

void BM_Rank(benchmark::State& state) {
  Filled& game = filled(state.range(0));
  const auto ranking = static_cast<Ranking>(state.range(1));
  for (auto _ : state) benchmark::DoNotOptimize(game.board.find(game.member(), ranking));
  state.SetItemsProcessed(state.iterations());
}

void BM_Page100(benchmark::State& state) {
  Filled& game = filled(state.range(0));
  std::vector<Standing> page;
  for (auto _ : state) {
    page.clear();
    game.board.read(1 + game.member(), 100, page);
    benchmark::DoNotOptimize(page.data());
  }
  state.SetItemsProcessed(state.iterations());
}

void BM_EnterAndLeave(benchmark::State& state) {
  Filled& game = filled(state.range(0));
  for (auto _ : state) {
    const Member member = game.member();
    game.board.remove(member);
    game.board.set(member, game.draw.value(), ++game.position);
  }
  state.SetItemsProcessed(2 * state.iterations());
}

constexpr std::int64_t small = 100'000;
constexpr std::int64_t large = 2'000'000;
BENCHMARK(BM_RandomIncrement)->Arg(small)->Arg(large);
BENCHMARK(BM_RandomSet)->Arg(small)->Arg(large);
BENCHMARK(BM_EnterAndLeave)->Arg(small)->Arg(large);
BENCHMARK(BM_Rank)->ArgsProduct({{small, large}, {0, 1, 2}});
BENCHMARK(BM_Page100)->Arg(small)->Arg(large);

}  // namespace
}  // namespace tallyho
