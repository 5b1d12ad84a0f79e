// The slowest event that the default budget admits: what "a rule fails closed within 10 ms" is worth.
//
//     cel_dearest [--events 2000]
//
// It looks for it as somebody would who means harm. Expressions that take long for what they are charged, inputs as
// large as their declarations allow, and as many rules of one kind, or boards, as the loader lets pass. Each expression
// is tried alone, within a fold, and with an error at its end that `||` absorbs, so that it is evaluated on the fast
// path in vain and then once more exactly. The worst are put together at random and tried again; the worst of all are
// run often, and the longest of these runs, including the first, is what is printed. An event's time is that of
// Engine::ingest(): everything but decoding.

#include <algorithm>
#include <array>
#include <chrono>
#include <ctime>
#include <memory>
#include <random>
#include <stdexcept>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "engine/engine.h"
#include "event/decoder.h"
#include "fmt/format.h"
#include "log/memory_log.h"
#include "ruleset/loader.h"

namespace tallyho {
namespace {

constexpr double claimed_ms = 10;
constexpr int tried_events = 20;     // While searching.
constexpr int mixtures = 60;         // Of the worst, at random.
constexpr std::size_t mixed_of = 8;  // The worst so many.
constexpr std::size_t finalists = 4;
constexpr int members = 5'000;  // On each board, so that a new value has somewhere to move from and to.

// A part of a ruleset that is repeated; `#` is the number of the repetition, so that no two have anything in common
// that is computed once.
struct Suspect {
  std::string name;
  std::string state;
  std::string rule;
  std::string board;
};

// True for the largest input, as conditions that end early would be no danger.
constexpr std::string_view conditions[] = {
    "event.l[0] + event.l[1] * event.l[2] - event.l[3] / 7 != #",
    "event.d * 1.5 + event.d / 3.0 - #.5 != event.d",
    "event.l.all(a, event.l.all(b, a * # + b >= 0))",
    "event.ls.all(a, a <= event.s || a + '#' > event.s)",
    "event.ls.all(a, !((a + '#') in ['x', 'y', event.s]))",
    "!(event.s + '#' in event.ls)",
    "(event.s + event.t + event.s + event.t + '#').size() > 0",
    "(event.l + event.l + event.l + [#]).size() > 0",
    "event.l.map(a, [a, a, #]).size() > 0",
    "event.l.map(a, {a: a, a + 1 + #: a}).size() > 0",
    "event.l.filter(a, a != #).exists_one(a, a == 1) || true",
    "event.l.transformMap(i, v, v + #).size() > 0",
    "event.m.all(k, event.m[k] != -1 - #)",
    "!event.s.contains('b#')",
    "!event.s.contains(event.t + '#')",
    "event.s.replace('a', 'bcd#').size() > 0",
    "event.s.split('a').join('#').size() > 0",
    "!event.s.matches('(a|ab|b)*c#$')",
    "!event.s.matches('^(a?){20}b{#}$')",
    "'%s %.3f #'.format([event.s, event.d]).size() > 0",
    "(string(event.d) + string(event.d + #.0)).size() > 0",
    "event.at_time.getHours('Europe/Berlin') + event.at_time.getDayOfYear('America/New_York') != -#",
    "event.at_time.getHours('Europe/' + (event.d > #.0 ? 'Berlin' : 'Paris')) >= 0",
    "string(event.at_time + duration('#s')).size() > 0",
    "(event.s.reverse() + event.t.upperAscii() + '#').size() > 0",
    "math.greatest(event.l) != -1 - #",
    "geo.distance(event.d, #.0, event.d, 2.0) >= 0.0",
};

std::string numbered(std::string_view text, std::size_t number) {
  std::string made;
  for (const char each : text) {
    if (each == '#') {
      made += std::to_string(number);
    } else {
      made += each;
    }
  }
  return made;
}

Suspect condition(const std::string& text) {
  return {.name = text, .state = "", .rule = fmt::format("  - {{id: r#, when: \"{}\"}}\n", text), .board = ""};
}

std::vector<Suspect> all_suspects() {
  std::vector<Suspect> suspects;
  for (const std::string_view text : conditions) {
    suspects.push_back(condition(std::string(text)));
    suspects.push_back(condition(fmt::format("event.l.all(outer, {})", text)));
    suspects.push_back(condition(fmt::format("({}) && 1 / event.zero > 0 || true", text)));
  }
  suspects.push_back({"set: {player.v#: event.s}", "    v#: {type: string, max_bytes: 256}\n",
                      "  - {id: r#, set: {player.v#: event.s}}\n", ""});
  suspects.push_back({"add: {player.v#: event.s}", "    v#: {type: set, capacity: 65536, max_bytes: 256}\n",
                      "  - {id: r#, add: {player.v#: event.s}}\n", ""});
  suspects.push_back({"notify: event.s", "", "  - {id: r#, notify: event.s}\n", ""});
  suspects.push_back({"boards", "", "", "  - {id: b#, value: event.n, operator: latest, when: 'true'}\n"});
  suspects.push_back({"boards with groups and windows", "", "",
                      "  - {id: b#, value: event.n, operator: latest, when: 'true', group_by: event.group, "
                      "window: {every: 1h, keep: 3}}\n"});
  return suspects;
}

std::string ruleset_text(const Suspect& suspect, std::size_t times) {
  std::string state;
  std::string rules;
  std::string boards;
  for (std::size_t i = 0; i < times; ++i) {
    state += numbered(suspect.state, i);
    rules += numbered(suspect.rule, i);
    boards += numbered(suspect.board, i);
  }
  const std::string_view fields =
      "    n: int\n    zero: int\n    d: double\n    at_time: timestamp\n    group: string\n    s: string\n"
      "    t: string\n    l: list<int>\n    ls: {type: list<string>, max_bytes: 160}\n"
      "    m: {type: map<int>, max_bytes: 24}\n";
  std::string text = fmt::format("tallyho: 1\nname: dearest\nevents:\n  e:\n{}", fields);
  if (!state.empty()) text += "state:\n  player:\n" + state;
  if (!rules.empty()) text += "rules:\n" + rules;
  if (!boards.empty()) text += "boards:\n" + boards;
  return text;
}

using LoadedRuleset = std::shared_ptr<const Ruleset>;

// As many repetitions as the loader admits; null if it does not take even one.
LoadedRuleset fill_budget(const Suspect& suspect, std::size_t& times) {
  const auto one = load_ruleset(ruleset_text(suspect, 1), suspect.name);
  if (!one) {
    const bool is_too_dear = one.error()[0].message.contains("over the budget");
    if (!is_too_dear) throw std::runtime_error(suspect.name + ": " + one.error()[0].message);
    return nullptr;
  }
  const bool is_board = suspect.rule.empty();
  times = std::min<std::size_t>((*one)->budget / (*one)->events[0].cost, is_board ? 1'000 : 10'000);
  for (; times > 1; times -= std::max<std::size_t>(times / 50, 1)) {
    // What a repetition is charged for may grow with its number.
    if (auto loaded = load_ruleset(ruleset_text(suspect, times), suspect.name)) return *loaded;
  }
  return *one;
}

// As large as the declarations allow.
std::string largest_event(std::string_view player, int number) {
  const std::string s(256, 'a');
  std::string l;
  std::string ls;
  std::string m;
  for (int i = 0; i < 64; ++i) {
    const char* comma = i > 0 ? "," : "";
    l += fmt::format("{}{}", comma, 1'000'000 + i);
    ls += fmt::format("{}\"{}{:02}\"", comma, std::string(158, 'a'), i);
    m += fmt::format("{}\"{}{:02}\":{}", comma, std::string(22, 'k'), i, i);
  }
  return fmt::format(
      "{{\"type\":\"e\",\"player\":\"{}\",\"n\":{},\"zero\":0,\"d\":51.123456789012,"
      "\"at_time\":\"2026-07-19T12:00:00.123456Z\",\"group\":\"g\",\"s\":\"{}\",\"t\":\"{}\",\"l\":[{}],\"ls\":[{}],"
      "\"m\":{{{}}}}}",
      player, number, s, s, l, ls, m);
}

struct Time {
  double wall_ms = 0;
  double cpu_ms = 0;  // Of this thread: without most of what else the machine did meanwhile.
  double median_cpu_ms = 0;
};

double cpu_ms_now() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) * 1e3 + static_cast<double>(now.tv_nsec) * 1e-6;
}

// Runs events, each new to everything that a ruleset remembers, and keeps the longest time of any.
Time longest(const LoadedRuleset& ruleset, int events) {
  Engine engine(ruleset, std::make_unique<MemoryLog>(), {});
  Decoder decoder;
  Arena arena;
  const Timestamp arrival = parse_timestamp("2026-07-19T12:00:00Z").value();
  const auto send = [&](std::string_view player, int number) {
    arena.reset();
    const std::string text = largest_event(player, number);
    const auto event = decoder.decode(text, *ruleset, arena);
    if (!event) throw std::runtime_error(decoder.describe(event.error()));
    const auto begin = std::chrono::steady_clock::now();
    const double cpu_begin = cpu_ms_now();
    const Outcome outcome = engine.ingest(*event, text, arrival, {}, arena);
    const double cpu_ms = cpu_ms_now() - cpu_begin;
    const std::chrono::duration<double, std::milli> wall = std::chrono::steady_clock::now() - begin;
    if (outcome.code != Code::ok) throw std::runtime_error("an event fails: " + std::string(outcome.message));
    return Time{wall.count(), cpu_ms, 0};
  };
  if (!ruleset->boards.empty()) {
    for (int i = 0; i < members; ++i) send(fmt::format("p{}", i), i);
  }
  Time most;
  std::vector<double> cpu_ms;
  for (int i = 0; i < events; ++i) {
    const Time time = send("ada", i % 2 == 0 ? -1 : members + 1);
    most.wall_ms = std::max(most.wall_ms, time.wall_ms);
    cpu_ms.push_back(time.cpu_ms);
  }
  std::ranges::sort(cpu_ms);
  most.cpu_ms = cpu_ms.back();
  most.median_cpu_ms = cpu_ms[cpu_ms.size() / 2];
  return most;
}

struct Trial {
  Suspect suspect;
  std::size_t times = 0;
  LoadedRuleset ruleset;
  Time longest;
};

void sort_by_median(std::vector<Trial>& trials) {
  std::ranges::sort(trials, std::ranges::greater(), [](const Trial& trial) { return trial.longest.median_cpu_ms; });
}

void add_trial(std::vector<Trial>& trials, Suspect suspect) {
  Trial trial{.suspect = std::move(suspect), .times = 0, .ruleset = nullptr, .longest = {}};
  trial.ruleset = fill_budget(trial.suspect, trial.times);
  if (trial.ruleset == nullptr) return;
  trial.longest = longest(trial.ruleset, tried_events);
  trials.push_back(std::move(trial));
}

// The worst conditions so far, two or three to a rule.
Suspect mixture(const std::vector<Trial>& trials, std::mt19937_64& random) {
  std::vector<std::string_view> names;
  for (const Trial& trial : trials) {
    if (names.size() < mixed_of && trial.suspect.rule.contains("when")) names.push_back(trial.suspect.name);
  }
  std::string text = "(" + std::string(names[random() % names.size()]) + ")";
  for (std::size_t i = 1 + random() % 2; i > 0; --i) text += fmt::format(" && ({})", names[random() % names.size()]);
  return condition(text);
}

int run(int events) {
  std::vector<Trial> trials;
  for (Suspect& suspect : all_suspects()) add_trial(trials, std::move(suspect));
  std::mt19937_64 random(1);
  for (int i = 0; i < mixtures; ++i) {
    sort_by_median(trials);
    add_trial(trials, mixture(trials, random));
  }
  sort_by_median(trials);
  const std::size_t tried = trials.size();
  trials.resize(std::min(finalists, tried));
  Time most;
  for (Trial& trial : trials) {
    trial.longest = longest(trial.ruleset, events);
    most.wall_ms = std::max(most.wall_ms, trial.longest.wall_ms);
    most.cpu_ms = std::max(most.cpu_ms, trial.longest.cpu_ms);
    fmt::print("  {:.3f} ms of CPU, median {:.3f}; {:.3f} ms: {} × {} ({} units)\n", trial.longest.cpu_ms,
               trial.longest.median_cpu_ms, trial.longest.wall_ms, trial.times, trial.suspect.name,
               trial.ruleset->events[0].cost);
  }
  fmt::print(
      "the slowest event that the default budget admits: {:.3f} ms of CPU, {:.3f} ms by the clock, the longest of "
      "{} runs each of the worst {} of {} rulesets; claimed: {} ms\n",
      most.cpu_ms, most.wall_ms, events, trials.size(), tried, claimed_ms);
  return 0;
}

}  // namespace
}  // namespace tallyho

int main(int count, char** arguments) {
  try {
    int events = 2'000;
    if (count == 3 && std::string_view(arguments[1]) == "--events") events = std::stoi(arguments[2]);
    return tallyho::run(events);
  } catch (const std::exception& error) {
    fmt::print(stderr, "cel_dearest: {}\n", error.what());
    return 1;
  }
}
