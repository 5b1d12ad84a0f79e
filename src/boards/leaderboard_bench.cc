// What a leaderboard does per second, at 100 thousand, 2 million and 10 million members, beside the order-statistics
// tree that comes with g++. Who is next is drawn uniformly or by Zipf's law (exponent 1), beforehand.
#include <benchmark/benchmark.h>

#include <cmath>
#include <cstdint>
#include <ext/pb_ds/assoc_container.hpp>
#include <ext/pb_ds/tree_policy.hpp>
#include <map>
#include <memory>
#include <span>
#include <tuple>
#include <vector>

#include "boards/leaderboard.h"

namespace tallyho {
namespace {

// xorshift, so that drawing costs nothing beside the tree.
class Draw {
 public:
  std::uint64_t next() {
    state_ ^= state_ << 13;
    state_ ^= state_ >> 7;
    state_ ^= state_ << 17;
    return state_;
  }
  // Values as a game has them: many small, few large.
  Points value() { return static_cast<Points>(next() % 1000 * (next() % 1000)); }
  Points gain() { return static_cast<Points>(next() % 500); }
  double unit() { return static_cast<double>(next() >> 11) * 0x1p-53; }

 private:
  std::uint64_t state_ = 0x9e3779b97f4a7c15U;
};

enum Skew : std::int64_t { uniform, zipf };

// Whom the operations are about, one after the other: much more than fits into any cache that they might stay in.
std::vector<Member> draw_members(Member members, Skew skew) {
  Draw draw;
  std::vector<Member> drawn(std::size_t{1} << 20);
  for (Member& member : drawn) {
    if (skew == uniform) {
      member = static_cast<Member>(draw.next() % members);
      continue;
    }
    // The k-th most frequent comes with probability ~ 1/k; neighbours in frequency are no neighbours in memory.
    const auto k = static_cast<std::uint64_t>(std::exp(draw.unit() * std::log(static_cast<double>(members))));
    member = static_cast<Member>(k * 2'654'435'761U % members);
  }
  return drawn;
}

// The board as it is used one at a time.
struct Ours {
  explicit Ours(Member /*members*/) {}
  void enter(Member member, Points value) { board.set(member, value, ++position); }
  Rank gain(Member member, Points points) { return board.set(member, *board.value(member) + points, ++position).rank; }
  Rank set(Member member, Points value) { return board.set(member, value, ++position).rank; }
  Rank rank(Member member) const { return board.find(member)->rank; }
  std::size_t read(Rank first, std::size_t count) {
    page.clear();
    board.read(first, count, page);
    return page.size();
  }
  double bytes() const { return static_cast<double>(board.memory_bytes()); }

  Leaderboard board{Order::descending};
  Position position = 0;
  std::vector<Standing> page;
};

// g++'s red-black tree that counts, with the values beside it in an array: what a good afternoon builds.
struct Pbds {
  using Key = std::tuple<Points, Position, Member>;  // The value negated.
  using Tree = __gnu_pbds::tree<Key, __gnu_pbds::null_type, std::less<>, __gnu_pbds::rb_tree_tag,
                                __gnu_pbds::tree_order_statistics_node_update>;
  explicit Pbds(Member members) : keys(members) {}
  void enter(Member member, Points value) {
    keys[member] = {-value, ++position, member};
    tree.insert(keys[member]);
  }
  Rank gain(Member member, Points points) { return set(member, points - std::get<0>(keys[member])); }
  Rank set(Member member, Points value) {
    tree.erase(keys[member]);
    enter(member, value);
    return rank(member);
  }
  Rank rank(Member member) const { return tree.order_of_key(keys[member]) + 1; }
  std::size_t read(Rank first, std::size_t count) {
    page.clear();
    for (auto at = tree.find_by_order(first - 1); at != tree.end() && page.size() < count; ++at) page.push_back(*at);
    return page.size();
  }
  // A node of the tree: key, three links, color and count, as malloc rounds them; and the array.
  double bytes() const { return static_cast<double>(keys.size()) * (64 + sizeof(Key)); }

  Tree tree;
  std::vector<Key> keys;
  Position position = 0;
  std::vector<Key> page;
};

// One board at a time, made when it is first asked for.
template <typename Structure>
struct Filled {
  Filled(Member count, Skew skew) : members(count), drawn(draw_members(count, skew)), structure(count) {
    for (Member member = 0; member < members; ++member) structure.enter(member, draw.value());
  }
  Member next() { return drawn[at++ % drawn.size()]; }

  Member members;
  std::vector<Member> drawn;
  Structure structure;
  Draw draw;
  std::size_t at = 0;
};

template <typename Structure>
Filled<Structure>& filled(const benchmark::State& state) {
  static std::unique_ptr<Filled<Structure>> one;
  static std::pair<std::int64_t, std::int64_t> of;
  const std::pair wanted(state.range(0), state.range(1));
  if (one == nullptr || of != wanted) {
    one.reset();
    one = std::make_unique<Filled<Structure>>(static_cast<Member>(wanted.first), static_cast<Skew>(wanted.second));
    of = wanted;
  }
  return *one;
}

template <typename Structure>
void gain(benchmark::State& state) {
  auto& game = filled<Structure>(state);
  for (auto _ : state) benchmark::DoNotOptimize(game.structure.gain(game.next(), game.draw.gain()));
  state.SetItemsProcessed(state.iterations());
  state.counters["bytes_per_member"] = game.structure.bytes() / static_cast<double>(game.members);
}

template <typename Structure>
void set(benchmark::State& state) {
  auto& game = filled<Structure>(state);
  for (auto _ : state) benchmark::DoNotOptimize(game.structure.set(game.next(), game.draw.value()));
  state.SetItemsProcessed(state.iterations());
}

template <typename Structure>
void rank(benchmark::State& state) {
  auto& game = filled<Structure>(state);
  for (auto _ : state) benchmark::DoNotOptimize(game.structure.rank(game.next()));
  state.SetItemsProcessed(state.iterations());
}

template <typename Structure>
void page_of_100(benchmark::State& state) {
  auto& game = filled<Structure>(state);
  for (auto _ : state) benchmark::DoNotOptimize(game.structure.read(1 + game.next(), 100));
  state.SetItemsProcessed(state.iterations());
}

template <typename Structure>
void around_10(benchmark::State& state) {
  auto& game = filled<Structure>(state);
  for (auto _ : state) {
    const Rank rank = game.structure.rank(game.next());
    benchmark::DoNotOptimize(game.structure.read(rank > 10 ? rank - 10 : 1, 21));
  }
  state.SetItemsProcessed(state.iterations());
}

constexpr std::size_t batch = 256;

void gain_batch(benchmark::State& state) {
  auto& game = filled<Ours>(state);
  std::vector<Leaderboard::Gain> gains(batch);
  std::vector<Move> moves(batch);
  for (auto _ : state) {
    for (auto& gain : gains) gain = {game.next(), game.draw.gain()};
    game.structure.board.add(gains, game.structure.position + 1, moves);
    game.structure.position += batch;
    benchmark::DoNotOptimize(moves.data());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(batch));
}

void rank_batch(benchmark::State& state) {
  auto& game = filled<Ours>(state);
  std::vector<Member> members(batch);
  std::vector<Standing> standings(batch);
  for (auto _ : state) {
    for (Member& member : members) member = game.next();
    game.structure.board.find(members, standings);
    benchmark::DoNotOptimize(standings.data());
  }
  state.SetItemsProcessed(state.iterations() * static_cast<std::int64_t>(batch));
}

void dense_rank(benchmark::State& state) {
  auto& game = filled<Ours>(state);
  for (auto _ : state) benchmark::DoNotOptimize(game.structure.board.find(game.next(), Ranking::dense));
  state.SetItemsProcessed(state.iterations());
}

void register_all() {
  for (const std::int64_t members : {100'000, 2'000'000, 10'000'000}) {
    for (const auto& [how, title_of] : {std::pair(uniform, "uniform"), std::pair(zipf, "zipf")}) {
      const auto add = [&, skew = how, name = title_of](const char* what, const char* whose,
                                                        void (*run)(benchmark::State&)) {
        const std::string title = std::string(what) + "/" + whose + "/" + name;
        benchmark::RegisterBenchmark(title.c_str(), run)->Args({members, skew})->MinTime(0.5);
      };
      add("increment", "tallyho", gain<Ours>);
      add("increment_256_at_once", "tallyho", gain_batch);
      add("set", "tallyho", set<Ours>);
      add("rank", "tallyho", rank<Ours>);
      add("rank_256_at_once", "tallyho", rank_batch);
      add("dense_rank", "tallyho", dense_rank);
      add("page_of_100", "tallyho", page_of_100<Ours>);
      add("around_10", "tallyho", around_10<Ours>);
      add("increment", "pbds", gain<Pbds>);
      add("set", "pbds", set<Pbds>);
      add("rank", "pbds", rank<Pbds>);
      add("page_of_100", "pbds", page_of_100<Pbds>);
      add("around_10", "pbds", around_10<Pbds>);
    }
  }
}

const bool is_registered = (register_all(), true);

}  // namespace
}  // namespace tallyho
