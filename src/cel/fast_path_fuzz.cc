// Bytes are lines: the first one says what the variables are, each other one is a program, all compiled together. The
// fast path and the exact evaluator come to the same values and errors, before and after some of the variables change.

#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>
#include <vector>

#include "cel/code.h"
#include "cel/testing/random_program.h"

namespace tallyho::cel {
namespace {

constexpr std::uint64_t units_max = 1'000'000;  // What may take longer is not run.
constexpr std::size_t programs_max = 32;

Environment make_environment() {
  Environment environment(&Environment::standard());
  declare_one_of_each(environment);
  return environment;
}

std::string describe(const Value& value) {
  if (!value.is_error()) return to_literal(value);
  return to_literal(value) + " at " + std::to_string(value.error_position()) + ", " +
         std::to_string(value.error_detail());
}

std::string_view next_line(std::string_view& text) {
  const std::size_t end = text.find('\n');
  const std::string_view line = text.substr(0, end);
  text.remove_prefix(end == std::string_view::npos ? text.size() : end + 1);
  return line;
}

bool changes(Slot slot) {
  return slot % 2 != 0;
}

void run(std::string_view text) {
  static const Environment environment = make_environment();
  RandomProgram random(environment, std::hash<std::string_view>()(next_line(text)));
  std::vector<Program> programs;
  while (!text.empty() && programs.size() < programs_max) {
    auto program = Program::compile(next_line(text), environment);
    if (program && program->cost().units <= units_max) programs.push_back(std::move(*program));
  }
  CodeBuilder builder([](Slot slot) { return !changes(slot); });
  for (Program& program : programs) builder.add(program);
  const auto code = builder.build();
  RandomInputs inputs(environment);
  Arena arena;
  Machine machine(*code, inputs, arena);
  inputs.draw(random);
  machine.begin();
  for (int round = 0; round < 2; ++round) {
    for (const Program& program : programs) {
      if (describe(machine.evaluate(program)) != describe(program.evaluate(inputs, arena))) std::abort();
    }
    inputs.redraw(random, changes);
    machine.forget_changing();
  }
}

}  // namespace
}  // namespace tallyho::cel

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  tallyho::cel::run({reinterpret_cast<const char*>(data), size});
  return 0;
}
