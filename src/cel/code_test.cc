#include "cel/code.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdlib>
#include <map>
#include <memory>
#include <random>
#include <string>
#include <vector>

#include "cel/containers.h"
#include "cel/test_host.h"
#include "cel/testing/random_program.h"

namespace tallyho::cel {
namespace {

const Type boolean = Type::simple(Type::Kind::boolean);
const Type int64 = Type::simple(Type::Kind::int64);
const Type float64 = Type::simple(Type::Kind::float64);
const Type string = Type::simple(Type::Kind::string);
const Type duration = Type::simple(Type::Kind::duration);

// Variables, and programs over them that are compiled together.
class CodeTest : public testing::Test {
 protected:
  CodeTest() {
    add("flag", boolean, Value::boolean(true));
    add("n", int64, Value::int64(5));
    add("m", int64, Value::int64(-2));
    add("x", float64, Value::float64(2.5));
    add("mode", string, Value::string("ranked"));
    add("name", string, Value::string("ada"));
    add("wait", duration, Value::duration(std::chrono::seconds(90)));
    const std::array<Value, 3> items = {Value::string("boss"), Value::string("night"), Value::string("x")};
    add("tags", Type::list(string), make_list(items, host_.arena()));
    first_changing_ = host_.next_slot(Value());
    add("score", int64, Value::int64(70));
    absent_ = host_.next_slot(Value::error(ErrorKind::no_such_field));
    host_.environment().declare(
        {.name = "event",
         .type = Type::record("event", {{.name = "o", .type = int64, .slot = absent_, .optional = true}})});
    names_[absent_] = "event.o";
  }

  void add(const std::string& name, const Type& type, const Value& value) {
    host_.add(name, type, value, {.size_max = 16, .item_size_max = 16});
    const Slot slot = host_.environment().find_variable(name)->slot;
    slots_[name] = slot;
    names_[slot] = name;
  }

  // Compiles these together.
  void compile(const std::vector<std::string>& sources) {
    machine_.reset();
    programs_.clear();
    CodeBuilder builder([this](Slot slot) { return slot < first_changing_ || slot == absent_; });
    for (const std::string& source : sources) {
      auto program = Program::compile(source, host_.environment());
      ASSERT_TRUE(program.has_value()) << source << ": " << program.error()[0].message;
      programs_.push_back(std::make_unique<Program>(std::move(*program)));
      builder.add(*programs_.back());
    }
    code_ = builder.build();
    machine_ = std::make_unique<Machine>(*code_, host_, host_.arena());
  }

  std::string disassemble(std::size_t program = 0) {
    return "\n" + code_->disassemble(*programs_[program], [this](Slot slot) { return names_[slot]; });
  }
  std::string disassembled(const std::string& source) {
    compile({source});
    return disassemble();
  }
  std::string evaluate(std::size_t program = 0) { return to_literal(machine_->evaluate(*programs_[program])); }

  TestHost host_;
  std::map<std::string, Slot> slots_;
  std::map<Slot, std::string> names_;
  Slot first_changing_ = 0;
  Slot absent_ = 0;
  std::vector<std::unique_ptr<Program>> programs_;
  std::shared_ptr<const Code> code_;
  std::unique_ptr<Machine> machine_;
};

struct Compiled {
  const char* source;
  const char* code;
};

TEST_F(CodeTest, CompilesTo) {
  const Compiled table[] = {
      {"n > 3", R"(
 0  unless n > 3 goto 2
 1  give true
 2  give false
)"},
      {"3 > n", R"(
 0  unless n < 3 goto 2
 1  give true
 2  give false
)"},
      {"x > 1.5 && mode == 'ranked'", R"(
 0  unless x > 1.5 goto 3
 1  unless mode == 'ranked' goto 3
 2  give true
 3  give false
)"},
      {"(name == 'bob' || n != m) && !flag", R"(
 0  if name == 'bob' goto 2
 1  if n == m goto 4
 2  if flag goto 4
 3  give true
 4  give false
)"},
      {"mode == 'a text that is longer than a word'", R"(
 0  unless mode == 'a text that is longer than a word' goto 2
 1  give true
 2  give false
)"},
      {"n in [1, 2, 1 + 2]", R"(
 0  unless n in {1, 2, 3} goto 2
 1  give true
 2  give false
)"},
      {"n * 10 + (flag ? 100 : 0)", R"(
 0  t0 = n * 10
 1  unless flag goto 4
 2  t1 = 100
 3  goto 5
 4  t1 = 0
 5  t2 = t0 + t1
 6  give t2
)"},
      {"flag ? n > 1 : x < 0.5", R"(
 0  unless flag goto 3
 1  unless n > 1 goto 5
 2  goto 4
 3  unless x < 0.5 goto 5
 4  give true
 5  give false
)"},
      {"tags.exists(t, t == 'boss')", R"(
 0  t0 = begin tags
 1  unless t1 is next of tags goto 5
 2  if t1 == 'boss' goto 4
 3  goto 1
 4  give true
 5  give false
)"},
      {"has(event.o) && event.o > 3", R"(
 0  unless has(event.o) goto 3
 1  unless event.o > 3 goto 3
 2  give true
 3  give false
)"},
      {"wait < duration('1m')", R"(
 0  unless wait < duration('60s') goto 2
 1  give true
 2  give false
)"},
      {"mode.matches('^r') && name.startsWith('a') && mode.size() > 2", R"(
 0  unless mode matches '^r' goto 5
 1  unless name starts with 'a' goto 5
 2  t0 = string_size(mode)
 3  unless t0 > 2 goto 5
 4  give true
 5  give false
)"},
      {"n > m", R"(
 0  unless m < n goto 2
 1  give true
 2  give false
)"},
      {"'Hello, ' + name + '!'", R"(
 0  t0 = concatenate('Hello, ', name, '!')
 1  give t0
)"},
      {"flag", R"(
 0  give flag
)"},
      {"2 + 2 == 4", R"(
 0  give true
)"},
      {"cel.bind(k, n + 1, k * k)", R"(
 0  t0 = n + 1
 1  t1 = t0 * t0
 2  give t1
)"},
  };
  for (const auto& [source, code] : table) EXPECT_EQ(disassembled(source), code) << source;
}

}  // namespace
}  // namespace tallyho::cel
