// Our part of the comparison: `cel_peer WORKLOAD` prints one line for each measurement (see workload.py).

#include <chrono>
#include <string>
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
std::int64_t round(const std::vector<Program>& programs, std::vector<Event>& events, Arena& arena) {
  std::int64_t sum = 0;
  for (Event& event : events) {
    for (const Program& program : programs) {
      arena.reset();
      sum += number_of(program.evaluate(event, arena));
    }
  }
  return sum;
}

double nanos_since(std::chrono::steady_clock::time_point start) {
  return std::chrono::duration<double, std::nano>(std::chrono::steady_clock::now() - start).count();
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

void measure(element set, element fields, const Environment& environment, double seconds) {
  std::vector<Program> programs;
  std::size_t compiled = 0;
  const auto compiling_start = std::chrono::steady_clock::now();
  while (compiled == 0 || nanos_since(compiling_start) < seconds * 0.25e9) {
    programs = compile(set["rules"], environment);
    compiled += programs.size();
  }
  const double compiling = nanos_since(compiling_start) / static_cast<double>(compiled);
  Arena values;
  std::vector<Event> events = read_events(set["events"], fields, values);
  Arena arena;
  const std::int64_t sum = round(programs, events, arena);
  const auto start = std::chrono::steady_clock::now();
  std::int64_t rounds = 0;
  volatile std::int64_t sink = 0;
  const auto size = static_cast<std::int64_t>(programs.size() * events.size());
  const std::int64_t batch = 1 + 20'000 / size;  // The clock is not what is measured.
  for (; nanos_since(start) < seconds * 1e9; rounds += batch) {
    for (std::int64_t i = 0; i < batch; ++i) sink = sink + round(programs, events, arena);
  }
  const double evaluations = static_cast<double>(rounds * size);
  fmt::print("{} {:.2f} {:.0f} {}\n", set["name"].get_string().value(), nanos_since(start) / evaluations, compiling,
             sum);
}

void run(const char* path) {
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
  fmt::print("version tallyho, exact evaluator\n");
  for (const element set : work["sets"]) measure(set, work["fields"], environment, work["seconds"].get_double());
}

}  // namespace
}  // namespace tallyho::cel

int main(int argc, char** argv) {
  if (argc != 2) return 2;
  try {
    tallyho::cel::run(argv[1]);
  } catch (const std::exception& problem) {
    fmt::print(stderr, "{}\n", problem.what());
    return 1;
  }
}
