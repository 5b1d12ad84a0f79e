#include "cel/machine.h"

#include <algorithm>
#include <array>
#include <cassert>
#include <cmath>
#include <utility>

#include "cel/arithmetic.h"
#include "cel/containers.h"
#include "cel/evaluator.h"
#include "cel/program_impl.h"
#include "cel/time_functions.h"

namespace tallyho::cel {

namespace {

Value difference(const Value& later, const Value& earlier) {
  const auto length = subtract(later.as_timestamp(), earlier.as_timestamp());
  return length ? Value::duration(*length) : not_loaded();
}

[[gnu::always_inline]] inline bool is_short_text(const Instruction& at, std::string_view text) {
  return text.size() == at.detail && pack(text.data(), text.size()) == at.word;
}

}  // namespace

Machine::Machine(const Code& code, Activation& activation, Arena& arena)
    : impl_(std::make_unique<Impl>(*code.impl_, activation, arena)) {}
Machine::~Machine() = default;

void Machine::begin() {
  impl_->begin();
}
void Machine::begin(const Code::Preload& preload, std::span<const Value> values) {
  impl_->begin(preload, values);
}
Machine::Found Machine::find_true(const Code::Conditions& conditions, std::size_t from) {
  if (conditions.impl_ == nullptr) return {0, Value::boolean(false)};
  return impl_->find_true(*conditions.impl_, from);
}
void Machine::forget_changing() {
  impl_->forget_changing();
}
void Machine::forget(const Code::Dependents& changed) {
  impl_->forget(changed.cells_);
}
void Machine::remember(const Code::Kept& slot, const Value& value) {
  if (slot.cell_ != Code::Kept::nowhere) impl_->remember(slot.cell_, slot.kinds_, value);
}
std::uint64_t Machine::hand_overs() const {
  return impl_->hand_overs;
}

Value Machine::evaluate(const Program& program) {
  if (program.code_number_ == Program::no_code) return program.evaluate(impl_->activation(), impl_->arena());
  const Value value = impl_->run(impl_->entry(program.code_number_));
  if (!value.is_error()) [[likely]]
    return value;
  ++impl_->hand_overs;
  return program.evaluate(impl_->activation(), impl_->arena());
}

Machine::Impl::Impl(const CodeImpl& code, Activation& activation, Arena& arena)
    : code_(code),
      activation_(activation),
      arena_(arena),
      values_(code.values),
      cells_(values_.data()),
      is_listed_(code.values.size()) {
  fixed_loaded_.cells.resize(values_.size());
  changing_loaded_.cells.resize(values_.size());
}

void Machine::Impl::forget(Loaded& loaded) {
  for (std::size_t i = 0; i < loaded.size; ++i) {
    cells_[loaded.cells[i]] = not_loaded();
    is_listed_[loaded.cells[i]] = 0;
  }
  loaded.size = 0;
}

void Machine::Impl::forget_changing() {
  forget(changing_loaded_);
  if (preload_ == nullptr) return;
  for (const auto& entry : preload_->entries_) {
    if (!entry.is_fixed) cells_[entry.cell] = not_loaded();
  }
}

void Machine::Impl::begin() {
  forget(fixed_loaded_);
  forget(changing_loaded_);
  if (preload_ == nullptr) return;
  for (const auto& entry : preload_->entries_) cells_[entry.cell] = not_loaded();
  preload_ = nullptr;
}

void Machine::Impl::begin(const Code::Preload& preload, std::span<const Value> values) {
  if (preload_ != &preload) begin();
  forget(fixed_loaded_);
  forget(changing_loaded_);
  preload_ = &preload;
  for (const auto& entry : preload.entries_) {
    assert(entry.position < values.size());
    const Value value = values[entry.position];
    cells_[entry.cell] = (entry.kinds & kind_bit(value.kind())) != 0 ? value : not_loaded();
  }
}

Machine::Found Machine::Impl::find_true(const ConditionsImpl& conditions, std::size_t from) {
  const std::vector<std::uint32_t>& entries = conditions.entries;
  while (from < entries.size()) {
    const End end = run_code<true>(conditions.instructions.data() + entries[from]);
    if (end.value.is_false()) break;
    if (!end.value.is_error()) [[likely]]
      return {end.at->word, end.value};
    ++hand_overs;
    const auto place = static_cast<std::uint32_t>(end.at - conditions.instructions.data());
    const auto index = static_cast<std::size_t>(std::ranges::upper_bound(entries, place) - entries.begin()) - 1;
    const Value value = conditions.programs[index]->evaluate(activation_, arena_);
    if (!value.is_false()) return {index, value};
    from = index + 1;
  }
  return {entries.size(), Value::boolean(false)};
}

// Every instruction ends with a jump of its own to the next one's place, so that processors can predict it by what came
// before. A test has two of them: which instruction comes next depends most of all on how it ended.
// NOLINTNEXTLINE(bugprone-macro-parentheses): a statement.
#define GO_ON goto* places[static_cast<std::size_t>(at->op)]
#define CALL(place, next) \
  place:                  \
  last = at;              \
  at = next;              \
  GO_ON;
#define FOLLOW(holds)          \
  if ((holds) != at->negate) { \
    ++at;                      \
    GO_ON;                     \
  }                            \
  at += at->jump;              \
  GO_ON;
#define TEST(place, of_kind, holds)  \
  place: {                           \
    const Value& a = cells[at->a];   \
    if (!a.is(of_kind)) [[unlikely]] \
      goto not_ready;                \
    FOLLOW(holds)                    \
  }
#define TEST_TIMES(place, holds)                                       \
  place: {                                                             \
    const Value& a = cells[at->a];                                     \
    const Value& b = cells[at->cells.b];                               \
    if (!a.is(Kind::timestamp) || !b.is(Kind::timestamp)) [[unlikely]] \
      goto not_ready;                                                  \
    FOLLOW(holds)                                                      \
  }
#define MAKE(place, is_ready, made)                       \
  place: {                                                \
    const Value& a = cells[at->a];                        \
    [[maybe_unused]] const Value& b = cells[at->cells.b]; \
    if (!(is_ready)) [[unlikely]]                         \
      goto not_ready;                                     \
    const Value result = made;                            \
    if (result.is_error()) [[unlikely]]                   \
      goto hand_over;                                     \
    cells[at->cells.c] = result;                          \
    ++at;                                                 \
    GO_ON;                                                \
  }
#define MAKE_INT64(place, operation) \
  MAKE(place, a.is(Kind::int64) && b.is(Kind::int64), operation(a.as_int64(), b.as_int64(), 0))

template <bool are_conditions>
Machine::Impl::End Machine::Impl::run_code(const Instruction* at) {
  // In the order of Op.
  // clang-format off
  static const void* const places[] = {
      &&test_word, &&test, &&test, &&test, &&test, &&test, &&test, &&less_times, &&less_equals_times,
      &&equal_short_text, &&equal_text, &&test, &&test, &&next_item, &&test, &&test, &&test, &&test, &&test, &&test,
      &&test, &&test, &&test, &&move, &&add_int64, &&subtract_int64, &&multiply_int64, &&to_float64, &&subtract_times,
      &&maker, &&maker, &&maker, &&maker, &&maker, &&maker, &&maker, &&maker, &&maker, &&maker, &&maker, &&maker,
      &&maker, &&maker, &&maker, &&maker, &&maker, &&jump, &&give, &&give_true, &&give_false, &&hand_over,
      &&hand_over};
  // clang-format on
  static_assert(std::size(places) == static_cast<std::size_t>(Op::unreachable) + 1);
  Value* const cells = cells_;
  const Instruction* last = at;  // Before what may end in handing over.
  GO_ON;
test_word: {
  const Value& a = cells[at->a];
  if (!a.is(static_cast<Kind>(at->detail))) [[unlikely]]
    goto not_ready_a;
  if (is_nan(*at, a)) [[unlikely]]
    goto hand_over;
  if (holds(*at, a) != at->negate) {
    ++at;
    if (at->op == Op::test_word) [[likely]]
      goto test_word;
    GO_ON;
  }
  at += at->jump;
  if (are_conditions && at->op == Op::test_word) [[likely]]
    goto test_word;
  GO_ON;
}
  TEST_TIMES(less_times, a.as_timestamp() < b.as_timestamp())
  TEST_TIMES(less_equals_times, a.as_timestamp() <= b.as_timestamp())
  TEST(equal_short_text, Kind::string, is_short_text(*at, a.as_string()))
  TEST(equal_text, Kind::string, a.as_string() == at->value->as_string())
  MAKE_INT64(add_int64, checked_add)
  MAKE_INT64(subtract_int64, checked_subtract)
  MAKE_INT64(multiply_int64, checked_multiply)
  MAKE(to_float64, a.is(Kind::int64), Value::float64(static_cast<double>(a.as_int64())))
  MAKE(subtract_times, a.is(Kind::timestamp) && b.is(Kind::timestamp), difference(a, b))
move:
  if (cells[at->a].is_error()) [[unlikely]]
    goto not_ready;
  cells[at->cells.c] = cells[at->a];
  ++at;
  GO_ON;
  CALL(next_item, this->next_item(at, false))
jump:
  at += at->jump;
  GO_ON;
  CALL(test, run_test(at))
  CALL(maker, run_maker(at))
not_ready_a:
  if (!load(at->a)) goto hand_over;
  GO_ON;
  CALL(not_ready, recover(at))
give:
  if (cells[at->a].is_error()) [[unlikely]]
    goto not_ready;
  if (are_conditions && cells[at->a].is_false()) {
    ++at;
    GO_ON;
  }
  return {cells[at->a], at};
give_false:
  return {Value::boolean(false), at};
give_true:
  return {Value::boolean(true), at};
hand_over:
  return {not_loaded(), at == &hand_over_ ? last : at};
}
#undef MAKE_INT64
#undef MAKE
#undef TEST_TIMES
#undef TEST
#undef FOLLOW
#undef CALL
#undef GO_ON

const Instruction* Machine::Impl::recover(const Instruction* at) {
  bool is_new = false;
  bool failed = false;
  for_each_operand(code_, *at, [&](std::uint16_t cell) {
    if (!cells_[cell].is_error() || failed) return;
    is_new = true;
    failed = !load(cell);
  });
  return is_new && !failed ? at : &hand_over_;
}

bool Machine::Impl::load(std::uint16_t cell) {
  if (!cells_[cell].is_error()) return false;
  const Cell& source = code_.cells[cell];
  const Value value = source.source == Cell::Source::slot ? activation_.read(source.number, arena_) : load_from(source);
  if ((source.kinds & kind_bit(value.kind())) == 0) return false;
  keep_loaded(cell, value);
  return true;
}

Value Machine::Impl::load_from(const Cell& cell) {
  switch (cell.source) {
    case Cell::Source::optional_slot:
      return activation_.has(cell.number) ? activation_.read(cell.number, arena_) : not_loaded();
    case Cell::Source::has_slot: return Value::boolean(activation_.has(cell.number));
    case Cell::Source::shared: return run(code_.instructions.data() + code_.shared[cell.number]);
    case Cell::Source::numbering: {
      if (!is_loaded(cell.from) || !cells_[cell.from].is(Kind::string)) return not_loaded();
      const Value* number = find(code_.numberings[cell.number].as_map(), cells_[cell.from]);
      return number != nullptr ? *number : Value::int64(0);
    }
    default: return not_loaded();
  }
}

const Instruction* Machine::Impl::run_test(const Instruction* at) {
  const auto is_equal = [](const Value& a, const Value& b) { return a.as_uint64() == b.as_uint64(); };
  switch (at->op) {
    case Op::equal_words: return test_both(at, static_cast<Kind>(at->detail), is_equal);
    case Op::less_words:
      return test_both(at, static_cast<Kind>(at->detail), [](auto a, auto b) { return a.as_int64() < b.as_int64(); });
    case Op::less_equals_words:
      return test_both(at, static_cast<Kind>(at->detail), [](auto a, auto b) { return a.as_int64() <= b.as_int64(); });
    case Op::equal_numbers:
      return test_both(at, Kind::float64, [](auto a, auto b) { return a.as_float64() == b.as_float64(); });
    case Op::less_numbers:
      return test_both(at, Kind::float64, [](auto a, auto b) { return a.as_float64() < b.as_float64(); });
    case Op::less_equals_numbers:
      return test_both(at, Kind::float64, [](auto a, auto b) { return a.as_float64() <= b.as_float64(); });
    case Op::equal_texts:
      return test_both(at, Kind::string, [](auto a, auto b) { return a.as_string() == b.as_string(); });
    case Op::contains_text:
      return test_both(at, Kind::string, [](auto a, auto b) { return a.as_string().contains(b.as_string()); });
    case Op::starts_with:
      return test_both(at, Kind::string, [](auto a, auto b) { return a.as_string().starts_with(b.as_string()); });
    case Op::ends_with:
      return test_both(at, Kind::string, [](auto a, auto b) { return a.as_string().ends_with(b.as_string()); });
    case Op::in_set:
      return test(at, static_cast<Kind>(at->detail), [=](const Value& a) { return find(*at->set, a) != nullptr; });
    case Op::matches:
      return test(at, Kind::string,
                  [=](const Value& a) { return re2::RE2::PartialMatch(a.as_string(), *at->pattern); });
    case Op::next_pair: return next_item(at, true);
    default: break;
  }
  const Value& a = cells_[at->a];
  const Value& b = cells_[at->cells.b];
  if (a.is_error() || b.is_error()) return recover(at);
  Value result;
  switch (at->op) {
    case Op::equal_values: return follow(at, equal(a, b));
    case Op::compare_values: result = compare_values(a, b, static_cast<Comparison>(at->detail), 0); break;
    case Op::has_field: result = cel::has_field(a, b, 0); break;
    case Op::in: result = is_in(a, b, 0); break;
    default: return &hand_over_;
  }
  return result.is(Kind::boolean) ? follow(at, result.as_boolean()) : &hand_over_;
}

const Instruction* Machine::Impl::next_item(const Instruction* at, bool is_pair) {
  const Value& range = cells_[at->a];
  Value& counter = cells_[at->cells.b];
  Value* const into = cells_ + at->cells.c;
  const auto i = static_cast<std::size_t>(counter.as_int64());
  if (range.is(Kind::list)) {
    const std::span<const Value> items = range.as_list();
    if (i == items.size()) return follow(at, false);
    if (is_pair) into[0] = counter;
    into[is_pair ? 1 : 0] = items[i];
  } else {
    const Map& map = range.as_map();
    if (i == map.size) return follow(at, false);
    into[0] = map.pairs[2 * i];
    if (is_pair) into[1] = map.pairs[2 * i + 1];
  }
  counter = Value::int64(static_cast<std::int64_t>(i) + 1);
  return follow(at, true);
}

const Instruction* Machine::Impl::run_maker(const Instruction* at) {
  switch (at->op) {
    case Op::call: return run_call(at);
    case Op::divide_int64: return on_int64(at, [](auto a, auto b) { return checked_divide(a, b, 0); });
    case Op::modulo_int64: return on_int64(at, [](auto a, auto b) { return checked_modulo(a, b, 0); });
    case Op::add_float64: return on_float64(at, std::plus<>());
    case Op::subtract_float64: return on_float64(at, std::minus<>());
    case Op::multiply_float64: return on_float64(at, std::multiplies<>());
    case Op::divide_float64: return on_float64(at, std::divides<>());
    default: break;
  }
  bool is_complete = true;
  for_each_operand(code_, *at, [&](std::uint16_t cell) { is_complete = is_complete && is_loaded(cell); });
  return is_complete ? keep(at, make(*at)) : &hand_over_;
}

// What an instruction makes of its operands, all of which are there.
Value Machine::Impl::make(const Instruction& at) {
  if (at.op == Op::concatenate) return concatenate_operands(at);
  if (at.op == Op::exact) {
    const PlanPart& part = code_.exact[at.cells.index];
    return Evaluator<>(*part.plan, activation_, arena_).run(part.node);
  }
  const Value a = cells_[at.a];
  switch (at.op) {
    case Op::negate_int64: return a.is(Kind::int64) ? checked_negate(a.as_int64(), 0) : not_loaded();
    case Op::negate_float64: return a.is(Kind::float64) ? Value::float64(-a.as_float64()) : not_loaded();
    case Op::time_field: return time_field(static_cast<TimeField>(at.detail), a, *code_.zones[at.cells.index], 0);
    case Op::index: return index_into(a, cells_[at.cells.b], arena_, 0);
    case Op::select: return select_from(a, cells_[at.cells.b], arena_, 0);
    case Op::begin_fold:
    case Op::begin_list:
      if (!a.is(Kind::list) && !a.is(Kind::map)) return not_loaded();
      return at.op == Op::begin_fold ? Value::int64(0) : begin_list(fold_size(a), arena_);
    case Op::append: append(cells_[at.cells.c], a); return cells_[at.cells.c];
    default: return not_loaded();
  }
}

const Instruction* Machine::Impl::run_call(const Instruction* at) {
  constexpr std::size_t inline_max = 4;
  Value few[inline_max];
  const std::size_t count = at->count;
  Value* const args = count <= inline_max ? few : arena_.array<Value>(count).data();
  const std::uint16_t* const operands = code_.operands.data() + at->cells.index;
  for (std::size_t i = 0; i < count; ++i) {
    if (!is_loaded(operands[i])) return &hand_over_;
    args[i] = cells_[operands[i]];
  }
  const CodeCall& callee = code_.calls[at->a];
  const std::span<const Value> given(args, count);
  const Candidate& candidate = *callee.candidate;
  if (!(callee.is_proven ? accepts_opaques(candidate, given) : accepts(candidate, given))) return &hand_over_;
  return keep(at, candidate.implementation({.args = given, .arena = arena_, .position = 0}));
}

Value Machine::Impl::concatenate_operands(const Instruction& at) {
  constexpr std::size_t inline_max = 8;
  std::array<Value, inline_max> few;
  const std::span<Value> parts =
      at.count <= inline_max ? std::span<Value>(few.data(), at.count) : arena_.array<Value>(at.count);
  const auto kind = static_cast<Kind>(at.detail);
  for (std::size_t i = 0; i < parts.size(); ++i) {
    parts[i] = cells_[code_.operands[at.cells.index + i]];
    if (!parts[i].is(kind)) return not_loaded();
  }
  return kind == Kind::list ? concatenate_lists(parts, arena_, 0) : concatenate(parts, arena_, 0);
}

}  // namespace tallyho::cel
