// Our part of the comparison: `cel_peer WORKLOAD fast` and `cel_peer WORKLOAD exact`, for the two engines that we have,
// print one line for each measurement (see workload.py).

#include <ctime>
#include <memory>
#include <numeric>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>
#include <vector>

#include "cel/cel.h"
#include "fmt/format.h"
#include "simdjson.h"

namespace tallyho::cel {
namespace {

using simdjson::dom::element;

// An event's values, by slot.
class Event final : public Activation {
 public:
  explicit Event(std::size_t fields) : values_(fields, Value::error(ErrorKind::no_such_field)) {}

  void set(Slot slot, const Value& value) { values_[slot] = value; }
  std::span<const Value> values() const { return values_; }
  Value read(Slot slot, Arena&) override { return values_[slot]; }
  bool has(Slot slot) override { return !values_[slot].is_error(); }

 private:
  std::vector<Value> values_;
};

Type type_of(std::string_view name) {
  if (name == "int") return Type::simple(Type::Kind::int64);
  if (name == "double") return Type::simple(Type::Kind::float64);
  if (name == "bool") return Type::simple(Type::Kind::boolean);
  if (name == "string") return Type::simple(Type::Kind::string);
  return Type::list(Type::simple(Type::Kind::string));
}

Value value_of(element json, std::string_view type, Arena& arena) {
  if (type == "int") return Value::int64(json.get_int64());
  if (type == "double") return Value::float64(json.get_double());
  if (type == "bool") return Value::boolean(json.get_bool());
  if (type == "string") return Value::string(json.get_string());
  std::vector<Value> items;
  for (const element each : json) items.push_back(Value::string(each.get_string()));
  return make_list(items, arena);
}

std::int64_t number_of(const Value& value) {
  return value.is(Kind::int64) ? value.as_int64() : value.is_true() ? 1 : 0;
}

// What a round over all events adds up to; every engine has to get the same.
std::int64_t exact_round(const std::vector<Program>& programs, std::vector<Event>& events, Arena& arena) {
  std::int64_t sum = 0;
  for (Event& event : events) {
    for (const Program& program : programs) {
      arena.reset();
      sum += number_of(program.evaluate(event, arena));
    }
  }
  return sum;
}

// The same with the fast path. Its machine reads from whichever event is current.
class Current final : public Activation {
 public:
  void set(Event& event) { event_ = &event; }
  Value read(Slot slot, Arena& arena) override { return event_->read(slot, arena); }
  bool has(Slot slot) override { return event_->has(slot); }

 private:
  Event* event_ = nullptr;
};

class FastRound {
 public:
  FastRound(const Code& code, const std::vector<Program>& programs, std::size_t fields)
      : machine_(code, current_, arena_) {
    std::vector<Slot> slots(fields);
    std::iota(slots.begin(), slots.end(), Slot{0});
    fields_ = code.preload(slots);
    std::vector<const Program*> conditions;
    for (const Program& program : programs) {
      if (program.type().is(Type::Kind::boolean)) conditions.push_back(&program);
    }
    if (conditions.size() == programs.size()) conditions_ = code.conditions(std::move(conditions));
  }

  // Conditions are gone through as the engine goes through those of rules.
  std::int64_t run(const std::vector<Program>& programs, std::vector<Event>& events) {
    std::int64_t sum = 0;
    for (Event& event : events) {
      arena_.reset();
      current_.set(event);
      machine_.begin(fields_, event.values());
      if (!conditions_) {
        for (const Program& program : programs) sum += number_of(machine_.evaluate(program));
        continue;
      }
      for (std::size_t i = 0; i < programs.size(); ++i) {
        const Machine::Found found = machine_.find_true(*conditions_, i);
        i = found.index;
        if (i < programs.size()) sum += number_of(found.value);
      }
    }
    return sum;
  }

 private:
  Arena arena_;
  Current current_;
  Code::Preload fields_;
  std::optional<Code::Conditions> conditions_;
  Machine machine_;
};

std::shared_ptr<const Code> build(std::vector<Program>& programs) {
  CodeBuilder builder([](Slot) { return true; });
  for (Program& program : programs) builder.add(program);
  return builder.build();
}

double cpu_nanos() {
  return static_cast<double>(std::clock()) * (1e9 / CLOCKS_PER_SEC);
}

std::vector<Program> compile(element rules, const Environment& environment) {
  std::vector<Program> programs;
  for (const element rule : rules) {
    auto program = Program::compile(rule.get_string().value(), environment);
    if (!program) throw std::runtime_error(program.error()[0].message);
    programs.push_back(std::move(*program));
  }
  return programs;
}

std::vector<Event> read_events(element json, element fields, Arena& arena) {
  std::vector<Event> events;
  const simdjson::dom::object types = fields;
  for (const element each : json) {
    Event event(types.size());
    Slot slot = 0;
    for (const auto& [name, type] : types) {
      element value;
      if (each[name].get(value) == simdjson::SUCCESS) event.set(slot, value_of(value, type.get_string(), arena));
      ++slot;
    }
    events.push_back(std::move(event));
  }
  return events;
}

// Nanoseconds of a round over so many evaluations, for about so long.
template <typename Round>
double time_rounds(Round round, std::int64_t evaluations, double seconds) {
  const std::int64_t batch = 1 + 20'000 / evaluations;  // The clock is not what is measured.
  volatile std::int64_t sink = 0;
  std::int64_t rounds = 0;
  const double start = cpu_nanos();
  for (; cpu_nanos() - start < seconds * 1e9; rounds += batch) {
    for (std::int64_t i = 0; i < batch; ++i) sink = sink + round();
  }
  return (cpu_nanos() - start) / static_cast<double>(rounds);
}

void measure(element set, element fields, const Environment& environment, double seconds, bool is_fast) {
  std::vector<Program> programs;
  std::shared_ptr<const Code> code;
  std::size_t compiled = 0;
  const double compiling_start = cpu_nanos();
  while (compiled == 0 || cpu_nanos() - compiling_start < seconds * 0.25e9) {
    code.reset();
    programs = compile(set["rules"], environment);
    if (is_fast) code = build(programs);
    compiled += programs.size();
  }
  const double compiling = (cpu_nanos() - compiling_start) / static_cast<double>(compiled);
  Arena values;
  std::vector<Event> events = read_events(set["events"], fields, values);
  const auto evaluations = static_cast<std::int64_t>(programs.size() * events.size());
  std::int64_t sum = 0;
  double nanos = 0;
  if (is_fast) {
    FastRound round(*code, programs, fields.get_object().size());
    sum = round.run(programs, events);
    nanos = time_rounds([&] { return round.run(programs, events); }, evaluations, seconds);
  } else {
    Arena arena;
    sum = exact_round(programs, events, arena);
    nanos = time_rounds([&] { return exact_round(programs, events, arena); }, evaluations, seconds);
  }
  fmt::print("{} {:.2f} {:.0f} {}\n", set["name"].get_string().value(), nanos / static_cast<double>(evaluations),
             compiling, sum);
}

void run(const char* path, bool is_fast) {
  simdjson::dom::parser parser;
  const element work = parser.load(path);
  Environment environment(&Environment::standard());
  Slot slot = 0;
  const simdjson::dom::object fields = work["fields"];
  for (const auto& [name, type] : fields) {
    environment.declare({.name = std::string(name),
                         .type = type_of(type.get_string()),
                         .slot = slot++,
                         .bounds = {.size_max = 64, .item_size_max = 64},
                         .constant = {}});
  }
  fmt::print("version tallyho, {}\n", is_fast ? "fast path" : "exact evaluator");
  for (const element set : work["sets"])
    measure(set, work["fields"], environment, work["seconds"].get_double(), is_fast);
}

}  // namespace
}  // namespace tallyho::cel

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  try {
    tallyho::cel::run(argv[1], std::string_view(argv[2]) == "fast");
  } catch (const std::exception& problem) {
    fmt::print(stderr, "{}\n", problem.what());
    return 1;
  }
}
