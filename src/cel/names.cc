#include "cel/names.h"

#include <array>
#include <utility>

namespace tallyho::cel {

std::string qualified_name(const Expr& expr) {
  if (expr.kind == Expr::Kind::identifier) return std::string(expr.name);
  if (expr.kind != Expr::Kind::select || expr.test_only) return {};
  std::string name = qualified_name(*expr.target);
  if (!name.empty()) name.append(".").append(expr.name);
  return name;
}

std::string_view first_name(std::string_view qualified) {
  return qualified.substr(0, qualified.find('.'));
}

std::optional<Type> type_named(std::string_view name) {
  static constexpr std::array<std::pair<std::string_view, Type::Kind>, 9> simple = {{
      {"bool", Type::Kind::boolean},
      {"int", Type::Kind::int64},
      {"uint", Type::Kind::uint64},
      {"double", Type::Kind::float64},
      {"string", Type::Kind::string},
      {"bytes", Type::Kind::bytes},
      {"null_type", Type::Kind::null},
      {"google.protobuf.Timestamp", Type::Kind::timestamp},
      {"google.protobuf.Duration", Type::Kind::duration},
  }};
  for (const auto& [simple_name, kind] : simple) {
    if (simple_name == name) return Type::simple(kind);
  }
  if (name == "list") return Type::list(Type());
  if (name == "map") return Type::map(Type(), Type());
  if (name == "type") return Type::type_of(Type());
  if (name == "optional_type") return Type::optional(Type());
  return std::nullopt;
}

std::string_view written_name(std::string_view function) {
  static constexpr std::array<std::pair<std::string_view, std::string_view>, 21> names = {{
      {"_+_", "+"},
      {"_-_", "-"},
      {"_*_", "*"},
      {"_/_", "/"},
      {"_%_", "%"},
      {"_==_", "=="},
      {"_!=_", "!="},
      {"_<_", "<"},
      {"_<=_", "<="},
      {"_>_", ">"},
      {"_>=_", ">="},
      {"_&&_", "&&"},
      {"_||_", "||"},
      {"!_", "!"},
      {"-_", "-"},
      {"_?_:_", "?:"},
      {"@in", "in"},
      {"_[_]", "[]"},
      {"_[?_]", "[?]"},
      {"math.@max", "math.greatest"},
      {"math.@min", "math.least"},
  }};
  for (const auto& [name, written] : names) {
    if (name == function) return written;
  }
  return function;
}

}  // namespace tallyho::cel
