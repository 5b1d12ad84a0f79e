// The bytecode in words.

#include <algorithm>
#include <array>
#include <set>
#include <string>
#include <utility>
#include <vector>

#include "cel/arithmetic.h"
#include "cel/instruction.h"
#include "cel/program_impl.h"
#include "cel/time_functions.h"

namespace tallyho::cel {
namespace {

constexpr std::pair<Op, std::string_view> infixes[] = {
    {Op::equal_words, "=="},
    {Op::less_words, "<"},
    {Op::less_equals_words, "<="},
    {Op::equal_numbers, "=="},
    {Op::less_numbers, "<"},
    {Op::less_equals_numbers, "<="},
    {Op::less_times, "<"},
    {Op::less_equals_times, "<="},
    {Op::equal_short_text, "=="},
    {Op::equal_text, "=="},
    {Op::equal_texts, "=="},
    {Op::in_set, "in"},
    {Op::equal_values, "=="},
    {Op::contains_text, "contains"},
    {Op::starts_with, "starts with"},
    {Op::ends_with, "ends with"},
    {Op::matches, "matches"},
    {Op::has_field, "has"},
    {Op::in, "in"},
    {Op::add_int64, "+"},
    {Op::subtract_int64, "-"},
    {Op::multiply_int64, "*"},
    {Op::divide_int64, "/"},
    {Op::modulo_int64, "%"},
    {Op::subtract_times, "-"},
    {Op::add_float64, "+"},
    {Op::subtract_float64, "-"},
    {Op::multiply_float64, "*"},
    {Op::divide_float64, "/"},
    {Op::select, "."},
};
constexpr std::array<std::string_view, 4> comparisons = {"<", "<=", ">", ">="};
constexpr std::array<std::string_view, 10> time_fields = {"year",        "month",       "date",  "day of month",
                                                          "day of week", "day of year", "hours", "minutes",
                                                          "seconds",     "milliseconds"};

// The bits of the double that compares as this int: what comparable() does, undone.
std::int64_t bits_of(std::uint64_t word) {
  const auto value = static_cast<std::int64_t>(word);
  return value < 0 ? (value - 1) ^ INT64_MAX : value;
}

std::string_view operator_of(std::uint8_t mask) {
  switch (mask & ~order::number) {
    case order::less: return "<";
    case order::less | order::equal: return "<=";
    case order::equal: return "==";
    case order::greater: return ">";
    case order::greater | order::equal: return ">=";
    case order::one_of: return "in";
    default: return "!=";
  }
}

class Disassembler {
 public:
  Disassembler(const CodeImpl& code, const std::function<std::string(Slot)>& name) : code_(code), name_(name) {}

  // The code from `begin` on, whose lines count from 0; shared parts that it uses are noted.
  std::string lines(std::size_t begin, std::size_t end) {
    std::string text;
    for (std::size_t i = begin; i < end; ++i) {
      const std::string number = std::to_string(i - begin);
      text += std::string(number.size() < 2 ? 2 - number.size() : 0, ' ') + number + "  " +
              line(code_.instructions[i], i - begin) + "\n";
    }
    return text;
  }

  const std::set<std::uint32_t>& shared_parts() const { return shared_parts_; }

 private:
  std::string cell(std::uint16_t number) {
    const Cell& cell = code_.cells[number];
    switch (cell.source) {
      case Cell::Source::constant: return to_literal(code_.values[number]);
      case Cell::Source::temporary: return temporary(number);
      case Cell::Source::slot:
      case Cell::Source::optional_slot: return name_(cell.number);
      case Cell::Source::has_slot: return "has(" + name_(cell.number) + ")";
      case Cell::Source::numbering: return "#" + this->cell(cell.from);
      case Cell::Source::shared: shared_parts_.insert(cell.number); return "shared " + std::to_string(cell.number);
    }
    return "?";
  }

  // Numbered in the order in which they appear.
  std::string temporary(std::uint16_t number) {
    auto found = std::ranges::find(temporaries_, number);
    if (found == temporaries_.end()) found = temporaries_.insert(found, number);
    return "t" + std::to_string(found - temporaries_.begin());
  }

  std::string text_of_number(const Instruction& at, std::uint64_t number) const {
    const Map& texts = code_.numberings[code_.cells[at.a].number].as_map();
    return to_literal(texts.pairs[2 * (number - 1)]);
  }

  std::string literal(const Instruction& at) {
    switch (at.op) {
      case Op::equal_short_text: return short_text(at);
      case Op::equal_text: return to_literal(*at.value);
      case Op::matches: return to_literal(Value::string(at.pattern->pattern()));
      case Op::in_set: return set_of(*at.set);
      default: break;
    }
    if (at.mask == order::one_of) return numbers_of(at);
    if (code_.cells[at.a].source == Cell::Source::numbering) return text_of_number(at, at.word);
    switch (static_cast<Kind>(at.detail)) {
      case Kind::boolean: return at.word != 0 ? "true" : "false";
      case Kind::float64: return to_literal(Value::float64(std::bit_cast<double>(bits_of(at.word))));
      case Kind::uint64: return to_literal(Value::uint64(at.word));
      case Kind::duration: return to_literal(Value::duration(Duration(static_cast<std::int64_t>(at.word))));
      default: return to_literal(Value::int64(static_cast<std::int64_t>(at.word)));
    }
  }

  // What pack() has packed.
  static std::string short_text(const Instruction& at) {
    std::string text(at.detail, '\0');
    const auto byte = [&](int shift) { return static_cast<char>(at.word >> shift & 0xff); };
    if (at.detail >= 4) {
      const auto first = static_cast<std::uint32_t>(at.word >> 32);
      const auto last = static_cast<std::uint32_t>(at.word);
      std::memcpy(text.data(), &first, 4);
      std::memcpy(text.data() + at.detail - 4, &last, 4);
    } else {
      text.front() = byte(16);
      text[at.detail / 2U] = byte(8);
      text.back() = byte(0);
    }
    return to_literal(Value::string(text));
  }

  static std::string set_of(const Map& set) {
    std::string text = "{";
    for (std::size_t i = 0; i < set.size; ++i) text += (i > 0 ? ", " : "") + to_literal(set.pairs[2 * i]);
    return text + "}";
  }

  std::string numbers_of(const Instruction& at) const {
    std::string text = "{";
    for (std::uint64_t i = 1; i < 64; ++i) {
      if ((at.word >> i & 1) != 0) text += (text.size() > 1 ? ", " : "") + text_of_number(at, i);
    }
    return text + "}";
  }

  std::string operands(const Instruction& at) {
    std::string text;
    for (std::uint32_t i = 0; i < at.count; ++i) {
      text += (i > 0 ? ", " : "") + cell(code_.operands[at.cells.index + i]);
    }
    return text;
  }

  std::string condition(const Instruction& at) {
    if (at.op == Op::test_word) {
      const bool is_truth = static_cast<Kind>(at.detail) == Kind::boolean && at.mask == order::equal && at.word == 1;
      return is_truth ? cell(at.a) : cell(at.a) + " " + std::string(operator_of(at.mask)) + " " + literal(at);
    }
    if (at.op == Op::next_item) return cell(at.cells.c) + " is next of " + cell(at.a);
    if (at.op == Op::next_pair) {
      const auto second = static_cast<std::uint16_t>(at.cells.c + 1);
      return cell(at.cells.c) + ", " + cell(second) + " are next of " + cell(at.a);
    }
    const bool has_b = shape_of(at.op).b;
    std::string_view infix = comparisons[at.op == Op::compare_values ? at.detail : 0];
    const auto* const found = std::ranges::find(infixes, at.op, &std::pair<Op, std::string_view>::first);
    if (found != std::end(infixes)) infix = found->second;
    return cell(at.a) + " " + std::string(infix) + " " + (has_b ? cell(at.cells.b) : literal(at));
  }

  std::string made(const Instruction& at) {
    switch (at.op) {
      case Op::move: return cell(at.a);
      case Op::negate_int64:
      case Op::negate_float64: return "-" + cell(at.a);
      case Op::to_float64: return "double(" + cell(at.a) + ")";
      case Op::call: return code_.calls[at.a].candidate->overload->id + "(" + operands(at) + ")";
      case Op::concatenate: return "concatenate(" + operands(at) + ")";
      case Op::time_field:
        return std::string(time_fields[at.detail]) + " of " + cell(at.a) + " in " +
               code_.zones[at.cells.index]->absl().name();
      case Op::index: return cell(at.a) + "[" + cell(at.cells.b) + "]";
      case Op::begin_fold: return "begin " + cell(at.a);
      case Op::begin_list: return "list of " + cell(at.a);
      case Op::append: return cell(at.cells.c) + " with " + cell(at.a);
      case Op::exact: return "exact " + std::to_string(code_.exact[at.cells.index].node);
      default: return condition(at);
    }
  }

  std::string line(const Instruction& at, std::size_t number) {
    const std::string target = std::to_string(static_cast<std::ptrdiff_t>(number) + at.jump);
    switch (at.op) {
      case Op::jump: return "goto " + target;
      case Op::give: return "give " + cell(at.a);
      case Op::give_true: return "give true";
      case Op::give_false: return "give false";
      case Op::hand_over: return "hand over";
      case Op::unreachable: return "unreachable";
      default: break;
    }
    if (at.op < Op::move) return (at.negate ? "if " : "unless ") + condition(at) + " goto " + target;
    return cell(at.cells.c) + " = " + made(at);
  }

  const CodeImpl& code_;
  const std::function<std::string(Slot)>& name_;
  std::vector<std::uint16_t> temporaries_;
  std::set<std::uint32_t> shared_parts_;
};

}  // namespace

std::string Code::disassemble(const Program& program, const std::function<std::string(Slot)>& name) const {
  const CodeImpl& code = *impl_;
  // Code ends where the next begins.
  std::vector<std::size_t> begins(code.entries.begin(), code.entries.end());
  begins.insert(begins.end(), code.shared.begin(), code.shared.end());
  begins.push_back(code.instructions.size());
  Disassembler disassembler(code, name);
  std::string text = disassembler.lines(begins[program.code_number_], begins[program.code_number_ + 1]);
  std::set<std::uint32_t> shown;
  for (bool is_more = true; is_more;) {
    is_more = false;
    for (const std::uint32_t part : std::set(disassembler.shared_parts())) {
      if (!shown.insert(part).second) continue;
      is_more = true;
      const std::size_t place = code.entries.size() + part;
      text += "shared " + std::to_string(part) + "\n" + disassembler.lines(begins[place], begins[place + 1]);
    }
  }
  return text;
}

}  // namespace tallyho::cel
