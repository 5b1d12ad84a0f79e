#include "cel/code.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <array>
#include <limits>
#include <map>
#include <memory>
#include <string>
#include <vector>

#include "cel/containers.h"
#include "cel/test_host.h"

namespace tallyho::cel {
namespace {

const Type boolean = Type::simple(Type::Kind::boolean);
const Type int64 = Type::simple(Type::Kind::int64);
const Type float64 = Type::simple(Type::Kind::float64);
const Type string = Type::simple(Type::Kind::string);
const Type duration = Type::simple(Type::Kind::duration);
const Type timestamp = Type::simple(Type::Kind::timestamp);

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
    add("begun", timestamp, Value::timestamp({100, 0}));
    add("ended", timestamp, Value::timestamp({190, 500'000'000}));
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
 0  if flag goto 4
 1  if name == 'bob' goto 3
 2  if n == m goto 4
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
      {"tags.filter(t, t != 'x').size() == 2", R"(
 0  t0 = list of tags
 1  t1 = begin tags
 2  unless t2 is next of tags goto 6
 3  if t2 == 'x' goto 2
 4  t0 = t0 with t2
 5  goto 2
 6  t3 = t0
 7  t4 = list_size(t3)
 8  unless t4 == 2 goto 10
 9  give true
10  give false
)"},
      {"tags.map(t, t + '!')", R"(
 0  t0 = list of tags
 1  t1 = begin tags
 2  unless t2 is next of tags goto 6
 3  t3 = concatenate(t2, '!')
 4  t0 = t0 with t3
 5  goto 2
 6  t4 = t0
 7  give t4
)"},
      {"tags.exists_one(t, t == 'boss')", R"(
 0  t0 = 0
 1  t1 = begin tags
 2  unless t2 is next of tags goto 8
 3  unless t2 == 'boss' goto 6
 4  t0 = t0 + 1
 5  goto 7
 6  t0 = t0
 7  goto 2
 8  unless t0 == 1 goto 11
 9  t3 = true
10  goto 12
11  t3 = false
12  give t3
)"},
      {"begun > ended || ended - begun > wait", R"(
 0  if ended < begun goto 3
 1  t0 = ended - begun
 2  unless wait < t0 goto 4
 3  give true
 4  give false
)"},
      {"double(n) * x", R"(
 0  t0 = double(n)
 1  t1 = t0 * x
 2  give t1
)"},
      {"cel.bind(k, n + 1, k * k)", R"(
 0  t0 = n + 1
 1  t1 = t0 * t0
 2  give t1
)"},
  };
  for (const auto& [source, code] : table) EXPECT_EQ(disassembled(source), code) << source;
}

TEST_F(CodeTest, WhatProgramsHaveInCommonIsComputedOnce) {
  compile({"name.matches('^a') && n > 1", "name.matches('^a') && n > 2"});
  EXPECT_EQ(disassemble(1), R"(
 0  unless n > 2 goto 3
 1  unless shared 0 goto 3
 2  give true
 3  give false
shared 0
 0  unless name matches '^a' goto 2
 1  give true
 2  give false
)");
  EXPECT_EQ(evaluate(0), "true");
  EXPECT_EQ(evaluate(1), "true");
  host_.set(slots_["name"], Value::string("bob"));
  EXPECT_EQ(evaluate(1), "true") << "the name is fixed";
  machine_->begin();
  EXPECT_EQ(evaluate(1), "false");
}

TEST_F(CodeTest, SharedPartsOfWhatChangesAreComputedAnew) {
  compile({"score * score * score + n * n > 0 || flag", "score * score * score + n * n < 0 || !flag"});
  ASSERT_EQ(code_->shared_parts(), 0u) << "not worthwhile";
  compile({"string(score).matches('^7') && n > 1", "string(score).matches('^7') && n > 2"});
  ASSERT_EQ(code_->shared_parts(), 1u);
  EXPECT_EQ(evaluate(0), "true");
  host_.set(slots_["score"], Value::int64(80));
  machine_->forget_changing();
  EXPECT_EQ(evaluate(1), "false");
}

TEST_F(CodeTest, OnlyWhatReadsAChangedSlotIsForgotten) {
  add("lives", int64, Value::int64(3));  // Changes too.
  compile({"string(score).matches('^7') && lives > 1", "string(score).matches('^7') && lives > 2"});
  ASSERT_EQ(code_->shared_parts(), 1u);
  EXPECT_EQ(evaluate(1), "true");
  const std::array changed = {slots_["score"]};
  const Code::Dependents dependents = code_->dependents(changed);
  host_.set(slots_["score"], Value::int64(80));
  host_.set(slots_["lives"], Value::int64(0));
  machine_->forget(dependents);
  EXPECT_EQ(evaluate(0), "false") << "the shared part reads the score";
  host_.set(slots_["score"], Value::int64(7));
  machine_->forget(dependents);
  EXPECT_EQ(evaluate(1), "true") << "nobody said that the lives have changed";
  machine_->forget_changing();
  EXPECT_EQ(evaluate(1), "false");
}

TEST_F(CodeTest, PartsInsideFoldsThatReadTheirVariablesAreNotShared) {
  compile({"tags.all(t, t.matches('^.'))", "tags.exists(t, t.matches('^.'))"});
  EXPECT_EQ(code_->shared_parts(), 0u);
}

TEST_F(CodeTest, TextsThatAreComparedOftenAreNumbered) {
  compile({"mode == 'ranked'", "mode == 'casual'", "mode != 'ranked'", "mode in ['practice', 'ranked']"});
  EXPECT_EQ(disassemble(1), R"(
 0  unless #mode == 'casual' goto 2
 1  give true
 2  give false
)");
  EXPECT_EQ(disassemble(3), R"(
 0  unless #mode in {'ranked', 'practice'} goto 2
 1  give true
 2  give false
)");
  const std::pair<const char*, const char*> modes[] = {{"ranked", "true false false true"},
                                                       {"casual", "false true true false"},
                                                       {"practice", "false false true true"},
                                                       {"", "false false true false"},
                                                       {"ranked ", "false false true false"}};
  for (const auto& [mode, results] : modes) {
    host_.set(slots_["mode"], Value::string(mode));
    machine_->begin();
    EXPECT_EQ(evaluate(0) + " " + evaluate(1) + " " + evaluate(2) + " " + evaluate(3), results) << mode;
  }
}

// Goal: whatever the number of texts, the fast path finds the right one. Method: more than a word has bits.
TEST_F(CodeTest, ManyTextsAreNumberedToo) {
  std::vector<std::string> sources;
  std::string all;
  for (int i = 0; i < 100; ++i) {
    sources.push_back("mode == 'mode " + std::to_string(i) + "'");
    all += (i > 0 ? ", 'mode " : "'mode ") + std::to_string(i) + "'";
  }
  sources.push_back("mode in [" + all + "]");
  compile(sources);
  host_.set(slots_["mode"], Value::string("mode 77"));
  for (std::size_t i = 0; i < 100; ++i) EXPECT_EQ(evaluate(i), i == 77 ? "true" : "false") << i;
  EXPECT_EQ(evaluate(100), "true");
}

TEST_F(CodeTest, WouldBeErrorsAreHandedOver) {
  compile({"n / (m + 2) > 1", "flag || n / (m + 2) > 1", "n / (m + 2) > 1 || n * n >= 0", "event.o == 1",
           "tags[n] == 'x'", "n + 9223372036854775807 > 0"});
  EXPECT_EQ(evaluate(0), "error: division by zero");
  EXPECT_EQ(machine_->hand_overs(), 1u);
  EXPECT_EQ(evaluate(1), "true") << "what is not reached is no error";
  EXPECT_EQ(machine_->hand_overs(), 1u);
  EXPECT_EQ(evaluate(2), "true") << "absorbed";
  EXPECT_EQ(machine_->hand_overs(), 2u);
  EXPECT_EQ(evaluate(3), "error: no such field");
  EXPECT_EQ(evaluate(4), "error: index out of range");
  EXPECT_EQ(evaluate(5), "error: overflow");
  EXPECT_EQ(machine_->hand_overs(), 5u);
}

// What may fail, is absent or changes keeps its place, so that guards still guard.
TEST_F(CodeTest, TestsThatCannotFailComeFirst) {
  const std::pair<const char*, const char*> table[] = {
      {"(n == m || name == 'bob') && mode in ['a', 'b'] && n > 1 && n * n < 5", R"(
 0  unless mode in {'a', 'b'} goto 7
 1  unless n > 1 goto 7
 2  if name == 'bob' goto 4
 3  unless n == m goto 7
 4  t0 = n * n
 5  unless t0 < 5 goto 7
 6  give true
 7  give false
)"},
      {"n * n < 5 || m == 2 || flag", R"(
 0  if m == 2 goto 4
 1  if flag goto 4
 2  t0 = n * n
 3  unless t0 < 5 goto 5
 4  give true
 5  give false
)"},
      {"m == n && has(event.o) && event.o > 1 && score > 3", R"(
 0  unless m == n goto 5
 1  unless has(event.o) goto 5
 2  unless event.o > 1 goto 5
 3  unless score > 3 goto 5
 4  give true
 5  give false
)"},
  };
  for (const auto& [source, code] : table) EXPECT_EQ(disassembled(source), code) << source;
  compile({"n / (m + 2) > 1 && n > 1000", "n / (m + 2) > 1 && !(n > 1000)"});
  EXPECT_EQ(evaluate(0), "false") << "absorbed, from either side";
  EXPECT_EQ(machine_->hand_overs(), 0u);
  EXPECT_EQ(evaluate(1), "error: division by zero");
  EXPECT_EQ(machine_->hand_overs(), 1u);
}

TEST_F(CodeTest, AValueThatIsNotOfItsTypeIsHandedOver) {
  compile({"n > 3", "mode == 'ranked'", "tags.exists(t, t == 'boss')", "flag", "double(m)", "begun < ended",
           "ended - begun"});
  for (const char* name : {"n", "mode", "tags", "flag", "m", "begun"}) {
    host_.set(slots_[name], Value::float64(0.5));
  }
  for (std::size_t i = 0; i < programs_.size(); ++i) {
    EXPECT_EQ(evaluate(i), to_literal(programs_[i]->evaluate(host_, host_.arena()))) << i;
  }
  EXPECT_EQ(machine_->hand_overs(), programs_.size());
}

TEST_F(CodeTest, WhatHasNoInstructionsIsLeftToTheExactEvaluator) {
  compile({"{'a': n}['a'] + 1", "tags.transformMap(i, t, t)[0] == 'boss' && n > 3", "[1, n].exists_one(k, k == 5)"});
  EXPECT_EQ(code_->exact_parts(), 3u);
  EXPECT_EQ(evaluate(0), "6");
  EXPECT_EQ(evaluate(1), "true");
  EXPECT_EQ(evaluate(2), "true");
  EXPECT_EQ(machine_->hand_overs(), 0u);
}

TEST_F(CodeTest, FoldsThatCollectOrCountAreCompiled) {
  const std::pair<const char*, const char*> table[] = {
      {"tags.map(t, t + '!')", "['boss!', 'night!', 'x!']"},
      {"tags.map(t, t.size() > 1, t.size())", "[4, 5]"},
      {"tags.filter(t, t < 'c' || t == 'x')", "['boss', 'x']"},
      {"tags.filter(t, t == 'none')", "[]"},
      {"tags.transformList(i, t, i != 1, t + string(i))", "['boss0', 'x2']"},
      {"tags.map(t, tags.filter(u, u > t))", "[['night', 'x'], ['x'], []]"},
      {"tags.map(t, tags.map(u, u + t).size() + n)", "[8, 8, 8]"},
      {"tags.exists_one(t, t > 'n')", "false"},
      {"tags.exists_one(t, t > 'o')", "true"},
      {"tags.exists_one(t, tags.exists_one(u, u > t))", "true"},
      {"tags.existsOne(i, t, i > 0 && t != 'x')", "true"},
      {"tags.filter(t, tags.exists_one(u, u == t)) == tags", "true"},
      {"tags.map(t, 10 / (t.size() - 4))", "error: division by zero"},
      {"tags.exists_one(t, t == 'boss' || 1 / (t.size() - 5) > 0)", "error: division by zero"},
  };
  for (const auto& [source, expected] : table) {
    compile({source});
    EXPECT_EQ(code_->exact_parts(), 0u) << source;
    EXPECT_EQ(evaluate(), expected) << source;
    EXPECT_EQ(machine_->hand_overs(), std::string_view(expected).starts_with("error") ? 1u : 0u) << source;
  }
}

// A list that a fold made is a value of its own: the next one, also of the next event, does not change it.
TEST_F(CodeTest, ListsMadeByFoldsStayAsTheyAre) {
  compile({"tags.map(t, t + string(n))", "tags.map(t, t + string(n))[0]"});
  const Value first = machine_->evaluate(*programs_[0]);
  host_.set(slots_["n"], Value::int64(6));
  machine_->begin();
  EXPECT_EQ(evaluate(0), "['boss6', 'night6', 'x6']");
  EXPECT_EQ(evaluate(1), "'boss6'");
  EXPECT_EQ(to_literal(first), "['boss5', 'night5', 'x5']");
}

TEST_F(CodeTest, SlotsAreReadWhenTheyAreNeededAndOnce) {
  compile({"n > 3 || m > 3", "n > 4 && n < 6 && score > 1"});
  EXPECT_EQ(host_.reads(), 0);
  EXPECT_EQ(evaluate(0), "true");
  EXPECT_EQ(host_.reads(), 1) << "n";
  EXPECT_EQ(evaluate(1), "true");
  EXPECT_EQ(host_.reads(), 2) << "score";
  machine_->forget_changing();
  EXPECT_EQ(evaluate(1), "true");
  EXPECT_EQ(host_.reads(), 3) << "score again";
}

TEST_F(CodeTest, ValuesAtHandAreTakenInOneGo) {
  compile({"n > 3 && mode == 'ranked'", "has(event.o) ? event.o : -1"});
  const std::vector<Slot> slots = {slots_["mode"], absent_, slots_["n"], slots_["flag"]};
  const Code::Preload preload = code_->preload(slots);
  const std::vector<Value> values = {Value::string("casual"), Value::error(ErrorKind::no_such_field), Value::int64(9),
                                     Value::boolean(true)};
  machine_->begin(preload, values);
  EXPECT_EQ(evaluate(0), "false") << "casual";
  EXPECT_EQ(evaluate(1), "-1");
  EXPECT_EQ(host_.reads(), 0);
  machine_->begin();
  EXPECT_EQ(evaluate(0), "true") << "ranked, as the host says";
  EXPECT_EQ(host_.reads(), 2);
}

TEST_F(CodeTest, ASlotThatWasWrittenNeedNotBeRead) {
  compile({"m + 1", "m > 3"});
  const std::vector<Slot> written = {slots_["m"]};
  const Code::Dependents dependents = code_->dependents(written);
  const Code::Kept kept = code_->kept(slots_["m"]);
  evaluate(0);
  const int reads = host_.reads();
  host_.set(slots_["m"], Value::int64(100));
  machine_->forget(dependents);
  machine_->remember(kept, Value::int64(100));
  EXPECT_EQ(evaluate(0), "101");
  EXPECT_EQ(evaluate(1), "true");
  EXPECT_EQ(host_.reads(), reads);

  host_.set(slots_["m"], Value::int64(-100));
  machine_->begin();
  EXPECT_EQ(evaluate(0), "-99") << "of another event";
  EXPECT_EQ(host_.reads(), reads + 1);

  // What is of another kind than was declared is left to be read; what nobody reads is kept nowhere.
  machine_->forget(dependents);
  machine_->remember(kept, Value::string("many"));
  machine_->remember(code_->kept(slots_["score"]), Value::int64(1));
  EXPECT_EQ(evaluate(0), "-99");
  EXPECT_EQ(host_.reads(), reads + 2);
}

TEST_F(CodeTest, ConditionsAreGoneThroughInOrder) {
  compile({"n > 9", "n / (m + 2) > 1", "flag", "!flag", "n / (m + 2) > 1 || n > 9 || flag"});
  std::vector<const Program*> programs;
  for (const auto& program : programs_) programs.push_back(program.get());
  programs.push_back(nullptr);
  const Code::Conditions conditions = code_->conditions(programs);
  std::vector<std::string> found;
  for (std::size_t i = 0; i < programs.size(); ++i) {
    const Machine::Found next = machine_->find_true(conditions, i);
    i = next.index;
    if (i < programs.size()) found.push_back(std::to_string(i) + " " + to_literal(next.value));
  }
  EXPECT_THAT(found, testing::ElementsAre("1 error: division by zero", "2 true", "4 true", "5 true"));
  EXPECT_EQ(machine_->find_true(conditions, programs.size()).index, programs.size());
}

TEST_F(CodeTest, DoublesCompareAsDoublesDo) {
  const double inf = std::numeric_limits<double>::infinity();
  const double nan = std::numeric_limits<double>::quiet_NaN();
  const std::pair<const char*, double> numbers[] = {
      {"0.0", 0.0},         {"-0.0", -0.0},   {"1.5", 1.5},         {"-1.5", -1.5},         {"5e-324", 5e-324},
      {"-5e-324", -5e-324}, {"1e300", 1e300}, {"(1.0 / 0.0)", inf}, {"(-1.0 / 0.0)", -inf}, {"(0.0 / 0.0)", nan}};
  for (const auto& [text, b] : numbers) {
    const std::string number = text;
    compile({"x < " + number, "x <= " + number, "x > " + number, "x >= " + number, "x == " + number, "x != " + number});
    for (const auto& [other, a] : numbers) {
      host_.set(slots_["x"], Value::float64(a));
      machine_->begin();
      const bool expected[] = {a<b, a <= b, a> b, a >= b, a == b, a != b};
      for (std::size_t i = 0; i < std::size(expected); ++i) {
        EXPECT_EQ(evaluate(i), expected[i] ? "true" : "false") << other << ": " << programs_[i]->source();
      }
    }
  }
}

TEST_F(CodeTest, TimesCompareAndSubtractAsTimesDo) {
  compile({"begun < ended", "begun <= ended", "begun > ended", "begun >= ended", "begun == ended", "ended - begun"});
  const Timestamp times[] = {Timestamp::min(), {-1, 999'999'999}, {0, 0}, {0, 1}, {1, 0}, Timestamp::max()};
  for (const Timestamp a : times) {
    for (const Timestamp b : times) {
      host_.set(slots_["begun"], Value::timestamp(a));
      host_.set(slots_["ended"], Value::timestamp(b));
      machine_->begin();
      const bool expected[] = {a<b, a <= b, a> b, a >= b, a == b};
      for (std::size_t i = 0; i < std::size(expected); ++i) {
        EXPECT_EQ(evaluate(i), expected[i] ? "true" : "false")
            << format_timestamp(a) << " " << programs_[i]->source() << " " << format_timestamp(b);
      }
      const auto length = subtract(b, a);
      EXPECT_EQ(evaluate(5), length ? to_literal(Value::duration(*length)) : "error: out of range");
    }
  }
}

TEST_F(CodeTest, ShortTextsCompareByTheirBytes) {
  const std::vector<std::string> texts = {"a",        "b",        "ab",       "ba",       "abc",      "acb",
                                          "abcd",     "abdc",     "abcde",    "abcdf",    "abccde",   "abcdef",
                                          "abcdefg",  "abcdefh",  "abcdefgh", "abcdefgi", "bbcdefgh", "abcdefghi",
                                          "abxdefgh", "aaaaaaaa", "",         "aaaa",     "\u00e9"};
  for (const std::string& constant : texts) {
    compile({"name == '" + constant + "'"});
    for (const std::string& text : texts) {
      host_.set(slots_["name"], Value::string(text));
      machine_->begin();
      EXPECT_EQ(evaluate(), text == constant ? "true" : "false") << text << ", " << constant;
    }
  }
}

}  // namespace
}  // namespace tallyho::cel
