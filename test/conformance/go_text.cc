#include "go_text.h"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <string_view>
#include <utility>
#include <vector>

#include "cel/environment.h"
#include "cel/utf8.h"
#include "fmt/format.h"
#include "fmt/ranges.h"

namespace tallyho::conformance {
namespace {

using cel::Expr;
using cel::Kind;
using cel::Value;

std::string escaped(std::string_view text, bool is_bytes) {
  std::string out;
  for (std::size_t at = 0; at < text.size();) {
    const std::size_t bytes = is_bytes ? 1 : cel::code_point_bytes(text, at);
    const std::string_view escapes = "\a\b\f\n\r\t\v\"\\";
    const char byte = text[at];
    const std::size_t known = escapes.find(byte);
    if (known != std::string_view::npos) {
      out.append("\\").append(1, "abfnrtv\"\\"[known]);
    } else if ((byte >= 0 && byte < 0x20) || byte == 0x7f || (is_bytes && byte < 0)) {
      out += fmt::format("\\x{:02x}", static_cast<unsigned char>(byte));
    } else {
      out += text.substr(at, bytes);
    }
    at += bytes;
  }
  return out;
}

std::string literal_text(const Value& value) {
  switch (value.kind()) {
    case Kind::boolean: return value.as_boolean() ? "true" : "false";
    case Kind::int64: return std::to_string(value.as_int64());
    case Kind::uint64: return std::to_string(value.as_uint64()) + "u";
    case Kind::float64: {  // Exponents where Go writes them.
      const double number = value.as_float64();
      char text[32];
      const auto format = std::abs(number) < 1e6 ? std::chars_format::general : std::chars_format::scientific;
      return {text, std::to_chars(text, text + sizeof text, number, format).ptr};
    }
    case Kind::string: return fmt::format("\"{}\"", escaped(value.as_string(), false));
    case Kind::bytes: return fmt::format("b\"{}\"", escaped(value.as_bytes(), true));
    default: return "null";
  }
}

std::string_view kind_of_literal(const Value& value) {
  switch (value.kind()) {
    case Kind::boolean: return "Constant_BoolValue";
    case Kind::int64: return "Constant_Int64Value";
    case Kind::uint64: return "Constant_Uint64Value";
    case Kind::float64: return "Constant_DoubleValue";
    case Kind::string: return "Constant_StringValue";
    case Kind::bytes: return "Constant_BytesValue";
    default: return "Constant_NullValue";
  }
}

std::string_view kind_of(const Expr& expr) {
  switch (expr.kind) {
    case Expr::Kind::literal: return kind_of_literal(expr.value);
    case Expr::Kind::identifier: return "Expr_IdentExpr";
    case Expr::Kind::select: return "Expr_SelectExpr";
    case Expr::Kind::call: return "Expr_CallExpr";
    case Expr::Kind::list: return "Expr_ListExpr";
    case Expr::Kind::map:
    case Expr::Kind::message: return "Expr_StructExpr";
    case Expr::Kind::comprehension: return "Expr_ComprehensionExpr";
  }
  return "";
}

// Writes nodes one below the other, indented by their depth.
class Writer {
 public:
  explicit Writer(Adornment adornment) : adornment_(adornment) {}

  void write(const Expr& expr);
  std::string take() { return std::move(out_); }

 private:
  void write_call(const Expr& expr);
  void write_entries(const Expr& expr);
  void write_fold(const Expr::Fold& fold);
  void adorn(const Expr& expr);

  // `count` parts in brackets, one a line; part(i) writes one.
  template <typename Part>
  void write_parts(char open, char close, std::size_t count, Part part) {
    out_ += open;
    depth_ += 1;
    for (std::size_t i = 0; i < count; ++i) {
      if (i > 0) out_ += ',';
      new_line();
      part(i);
    }
    depth_ -= 1;
    if (count > 0) new_line();
    out_ += close;
  }
  void new_line() { out_.append("\n").append(2 * depth_, ' '); }

  Adornment adornment_;
  std::string out_;
  std::size_t depth_ = 0;
};

void Writer::write_call(const Expr& expr) {
  if (expr.target != nullptr) {
    write(*expr.target);
    out_ += '.';
  }
  out_ += expr.name;
  write_parts('(', ')', expr.args.size(), [&](std::size_t i) { write(*expr.args[i]); });
}

void Writer::write_entries(const Expr& expr) {
  out_ += expr.name;
  write_parts('{', '}', expr.args.size() / 2, [&](std::size_t i) {
    if (i < expr.optional_args.size() && expr.optional_args[i]) out_ += '?';
    if (expr.kind == Expr::Kind::message) {
      out_ += expr.args[2 * i]->value.as_string();
    } else {
      write(*expr.args[2 * i]);
    }
    out_ += ':';
    write(*expr.args[2 * i + 1]);
    if (adornment_ == Adornment::kind) out_ += "^#*expr.Expr_CreateStruct_Entry#";
  });
}

void Writer::write_fold(const Expr::Fold& fold) {
  out_ += "__comprehension__(";
  depth_ += 1;
  const auto head = [this](std::string_view title) {
    new_line();
    out_.append("// ").append(title);
    new_line();
  };
  head("Variable");
  out_.append(fold.item_name).append(",");
  head("Target");
  write(*fold.range);
  out_ += ',';
  head("Accumulator");
  out_.append(fold.result_name).append(",");
  const std::pair<std::string_view, const Expr*> parts[] = {
      {"Init", fold.init}, {"LoopCondition", fold.condition}, {"LoopStep", fold.step}, {"Result", fold.result}};
  for (const auto& [title, part] : parts) {
    head(title);
    write(*part);
    out_ += part == fold.result ? ')' : ',';
  }
  depth_ -= 1;
}

void Writer::adorn(const Expr& expr) {
  if (adornment_ == Adornment::kind) {
    out_ += fmt::format("^#*expr.{}#", kind_of(expr));
    return;
  }
  out_ += "~" + go_name(expr.type);
  if (expr.kind == Expr::Kind::identifier) out_ += "^" + std::string(expr.name);
  if (expr.kind == Expr::Kind::call) {
    std::vector<std::string> ids;
    for (const cel::Overload* overload : expr.overloads) ids.push_back(overload->id);
    std::ranges::sort(ids);
    out_ += fmt::format("^{}", fmt::join(ids, "|"));
  }
}

void Writer::write(const Expr& expr) {
  switch (expr.kind) {
    case Expr::Kind::literal: out_ += literal_text(expr.value); break;
    case Expr::Kind::identifier: out_ += expr.name; break;
    case Expr::Kind::select:
      write(*expr.target);
      out_.append(".").append(expr.name).append(expr.test_only ? "~test-only~" : "");
      break;
    case Expr::Kind::call: write_call(expr); break;
    case Expr::Kind::list: write_parts('[', ']', expr.args.size(), [&](std::size_t i) { write(*expr.args[i]); }); break;
    case Expr::Kind::map:
    case Expr::Kind::message: write_entries(expr); break;
    case Expr::Kind::comprehension: write_fold(*expr.fold); break;
  }
  adorn(expr);
}

}  // namespace

std::string go_name(const cel::Type& type) {
  if (type.is(cel::Type::Kind::null)) return "null";
  const std::vector<cel::Type>& parameters = type.parameters();
  if (parameters.empty()) return type.to_string();
  const auto is_type_of_dyn = [](const cel::Type& each) {
    return each.is(cel::Type::Kind::type) && each.parameters()[0].is(cel::Type::Kind::dyn);
  };
  if (type.is(cel::Type::Kind::type) && is_type_of_dyn(parameters[0])) return "type(type)";
  std::string name = type.to_string();
  name.resize(name.find('('));
  std::vector<std::string> names;
  std::ranges::transform(parameters, std::back_inserter(names), go_name);
  return fmt::format("{}({})", name, fmt::join(names, ", "));
}

std::string to_go_text(const Expr& expr, Adornment adornment) {
  Writer writer(adornment);
  writer.write(expr);
  return writer.take();
}

}  // namespace tallyho::conformance
