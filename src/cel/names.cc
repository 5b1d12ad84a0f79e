#include "cel/names.h"

#include <array>
#include <utility>

namespace tallyho::cel {

std::string qualified_name(const Expr& expr) {
  if (expr.kind == Expr::Kind::identifier) return expr.name;
  if (expr.kind != Expr::Kind::select || expr.test_only) return {};
  std::string name = qualified_name(*expr.target);
  if (!name.empty()) name.append(".").append(expr.name);
  return name;
}

std::string_view first_name(std::string_view qualified) {
  return qualified.substr(0, qualified.find('.'));
}

std::vector<std::string> candidate_names(std::string_view container, std::string_view name) {
  if (name.starts_with('.')) return {std::string(name.substr(1))};
  std::vector<std::string> names;
  while (!container.empty()) {
    names.push_back(std::string(container) + "." + std::string(name));
    const std::size_t dot = container.rfind('.');
    container = dot == std::string_view::npos ? std::string_view() : container.substr(0, dot);
  }
  names.emplace_back(name);
  return names;
}

std::optional<Type> type_named(std::string_view name) {
  for (const auto kind :
       {Type::Kind::boolean, Type::Kind::int64, Type::Kind::uint64, Type::Kind::float64, Type::Kind::string,
        Type::Kind::bytes, Type::Kind::null, Type::Kind::timestamp, Type::Kind::duration}) {
    Type type = Type::simple(kind);
    if (type.to_string() == name) return type;
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
