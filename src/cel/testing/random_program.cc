#include "cel/testing/random_program.h"

#include <algorithm>
#include <array>
#include <map>
#include <optional>
#include <set>

namespace tallyho::cel {
namespace {

using TypeKind = Type::Kind;
constexpr std::size_t expression_bytes_max = 1500;
constexpr int unlikely_one_in = 8;

constexpr std::array scalar_kinds = {TypeKind::boolean, TypeKind::int64,  TypeKind::uint64,    TypeKind::float64,
                                     TypeKind::string,  TypeKind::bytes,  TypeKind::timestamp, TypeKind::duration,
                                     TypeKind::int64,   TypeKind::string, TypeKind::boolean};
constexpr std::array key_kinds = {TypeKind::boolean, TypeKind::int64, TypeKind::uint64, TypeKind::string};

constexpr std::array<std::string_view, 8> patterns = {"a",     "^[a-z]+$",   "b.*c",  "",
                                                      "(?i)X", "[0-9]{2,4}", "é|ů|a", "\\\\s$"};
constexpr std::array<std::string_view, 6> zones = {"UTC",    "Europe/Prague", "America/New_York",
                                                   "+05:30", "-11:00",        "Australia/Lord_Howe"};

using Bindings = std::map<std::string, Type>;

// Whether a signature's `pattern`, its parameters replaced, is `type`; adds to `bindings` what they stand for.
bool matches(const Type& pattern, const Type& type, Bindings& bindings) {
  if (pattern.is(TypeKind::parameter)) {
    const auto [bound, is_new] = bindings.emplace(pattern.name(), type);
    return is_new || bound->second == type;
  }
  if (pattern.kind() != type.kind() || pattern.parameters().size() != type.parameters().size()) return false;
  if (pattern.is(TypeKind::opaque) && pattern.name() != type.name()) return false;
  for (std::size_t i = 0; i < pattern.parameters().size(); ++i) {
    if (!matches(pattern.parameters()[i], type.parameters()[i], bindings)) return false;
  }
  return true;
}

// `pattern` with its parameters replaced.
Type resolve(const Type& pattern, const Bindings& bindings) {
  if (pattern.is(TypeKind::parameter)) return bindings.at(pattern.name());
  if (pattern.is(TypeKind::list)) return Type::list(resolve(pattern.parameters()[0], bindings));
  if (pattern.is(TypeKind::optional)) return Type::optional(resolve(pattern.parameters()[0], bindings));
  if (pattern.is(TypeKind::type)) return Type::type_of(resolve(pattern.parameters()[0], bindings));
  if (pattern.is(TypeKind::map)) {
    return Type::map(resolve(pattern.parameters()[0], bindings), resolve(pattern.parameters()[1], bindings));
  }
  return pattern;
}

void collect_parameters(const Type& type, std::set<std::string>& names) {
  if (type.is(TypeKind::parameter)) names.insert(type.name());
  for (const Type& parameter : type.parameters()) collect_parameters(parameter, names);
}

// The parameters that stand for the keys of a map: only some types may.
void collect_keys(const Type& type, std::set<std::string>& names) {
  if (type.is(TypeKind::map)) collect_parameters(type.parameters()[0], names);
  for (const Type& parameter : type.parameters()) collect_keys(parameter, names);
}

// "+" of "_+_", "in" of "@in"; nothing if the name is no operator between two operands.
std::optional<std::string_view> infix(std::string_view name) {
  if (name == "@in") return "in";
  if (name.size() < 3 || name.front() != '_' || name.back() != '_' || name == "_?_:_") return std::nullopt;
  return name.substr(1, name.size() - 2);
}

bool is_written_otherwise(std::string_view name) {
  if (name == "@in" || name == "math.@max" || name == "math.@min") return false;
  // What takes nothing and may be of any type leaves the checker to guess which.
  return name.find('@') != std::string_view::npos || name == "_?._" || name == "optional.none";
}

}  // namespace

std::vector<Readable> readable_names(const Environment& environment) {
  std::vector<Readable> names;
  for (const std::string_view name : environment.variable_names()) {
    const Variable& variable = *environment.find_variable(name);
    if (!variable.type.is(TypeKind::record)) {
      names.push_back(
          {std::string(name), variable.type, variable.slot, variable.bounds, false, variable.constant.has_value()});
      continue;
    }
    for (const Field& field : variable.type.fields()) {
      if (field.type.is(TypeKind::record)) continue;
      names.push_back({std::string(name) + "." + field.name, field.type, field.slot, field.bounds, field.optional,
                       field.constant.has_value()});
    }
  }
  return names;
}

RandomProgram::RandomProgram(const Environment& environment, std::uint64_t seed) : random_(seed) {
  for (Readable& readable : readable_names(environment)) {
    if (readable.optional) optional_fields_.push_back(readable.name);
    readable_.emplace_back(std::move(readable.name), std::move(readable.type));
  }
  for (const std::string_view name : environment.function_names()) {
    if (is_written_otherwise(name)) continue;
    for (const Overload* overload : environment.find_overloads(name)) {
      functions_.push_back({overload, infix(name).has_value() || name == "!_" || name == "-_" || name == "_?_:_"});
    }
  }
}

Type RandomProgram::scalar() {
  return Type::simple(scalar_kinds[pick(scalar_kinds.size())]);
}

Type RandomProgram::type() {
  switch (pick(12)) {
    case 0: return Type::list(scalar());
    case 1: return Type::map(Type::simple(key_kinds[pick(key_kinds.size())]), scalar());
    case 2: return Type::optional(scalar());
    case 3: return {};
    case 4: return Type::list(Type::list(scalar()));
    default: return scalar();
  }
}

std::string RandomProgram::expression(const Type& type, int height) {
  bytes_left_ = expression_bytes_max;
  locals_.clear();
  written_.clear();
  names_ = 0;
  return make(type, height);
}

std::string RandomProgram::make(const Type& type, int height) {
  if (height <= 0 || bytes_left_ == 0) return leaf(type);
  if (pick(unlikely_one_in) == 0) {
    std::vector<const std::string*> repeats;
    for (const auto& [text, its_type] : written_) {
      if (its_type == type && text.size() <= bytes_left_) repeats.push_back(&text);
    }
    if (!repeats.empty()) {
      std::string again = *repeats[pick(repeats.size())];
      bytes_left_ -= again.size();
      return again;
    }
  }
  std::string made;
  switch (pick(10)) {
    case 0: made = leaf(type); break;
    case 1:
    case 2: made = macro(type, height); break;
    case 3: made = aggregate(type, height); break;
    default: made = call(type, height);
  }
  written_.emplace_back(made, type);
  return made;
}

std::string RandomProgram::leaf(const Type& type) {
  std::vector<const std::string*> names;
  for (const auto& [name, its_type] : readable_) {
    if (its_type == type) names.push_back(&name);
  }
  for (const Local& local : locals_) {
    if (local.type == type) names.insert(names.end(), 2, &local.name);
  }
  std::string made = names.empty() || pick(4) == 0 ? literal(type) : *names[pick(names.size())];
  bytes_left_ -= std::min(bytes_left_, made.size());
  return made;
}

// Of lists, maps and optionals: with parts that are expressions. Of others: a call.
std::string RandomProgram::aggregate(const Type& type, int height) {
  const std::vector<Type>& inner = type.parameters();
  const std::size_t size = pick(4);
  std::string parts;
  switch (type.kind()) {
    case TypeKind::list:
      for (std::size_t i = 0; i <= size; ++i) {
        parts += (i > 0 ? ", " : "") + make(inner[0], height - 1);
      }
      return "[" + parts + "]";
    case TypeKind::map:
      for (std::size_t i = 0; i <= size; ++i) {
        parts += (i > 0 ? ", " : "") + make(inner[0], height - 1) + ": " + make(inner[1], height - 1);
      }
      return "{" + parts + "}";
    case TypeKind::optional: return "optional.of(" + make(inner[0], height - 1) + ")";
    default: return call(type, height);
  }
}

std::string RandomProgram::call(const Type& type, int height) {
  std::vector<std::pair<const Overload*, Bindings>> fitting;
  if (type.is(TypeKind::dyn)) return "dyn(" + make(scalar(), height - 1) + ")";
  for (const Function& function : functions_) {
    Bindings bindings;
    if (!matches(function.overload->result, type, bindings)) continue;
    fitting.insert(fitting.end(), function.is_operator ? 3 : 1, {function.overload, bindings});
  }
  if (fitting.empty()) return leaf(type);
  auto& [overload, bindings] = fitting[pick(fitting.size())];
  std::set<std::string> keys;
  std::set<std::string> parameters;
  for (const Type& parameter : overload->parameters) {
    collect_keys(parameter, keys);
    collect_parameters(parameter, parameters);
  }
  for (const std::string& name : parameters) {
    if (keys.contains(name)) {
      const Type key = Type::simple(key_kinds[pick(key_kinds.size())]);
      const auto bound = bindings.emplace(name, key).first;
      if (std::ranges::find(key_kinds, bound->second.kind()) == key_kinds.end()) return leaf(type);
    } else {
      bindings.emplace(name, scalar());
    }
  }
  std::vector<std::string> args;
  for (std::size_t i = 0; i < overload->parameters.size(); ++i) {
    args.push_back(argument(*overload, i, resolve(overload->parameters[i], bindings), height));
  }
  return write_call(*overload, std::move(args));
}

std::string RandomProgram::argument(const Overload& overload, std::size_t index, const Type& type, int height) {
  if (overload.function == "matches" && index == 1) return "'" + std::string(patterns[pick(patterns.size())]) + "'";
  if (overload.function.starts_with("get") && index == 1) return "'" + std::string(zones[pick(zones.size())]) + "'";
  // Constants are what sets and folding are made of.
  if (overload.function == "@in" && index == 1 && pick(2) == 0) {
    const Type& item = type.parameters()[0];
    std::string items = literal(item);
    for (std::size_t i = pick(12); i > 0; --i) items += ", " + literal(item);
    if (type.is(TypeKind::list)) return "[" + items + "]";
  }
  if (type.is(TypeKind::list) && type.parameters()[0].is(TypeKind::dyn)) {
    return "[dyn(" + make(scalar(), height - 1) + "), " + make(scalar(), 0) + "]";
  }
  return make(type, height - 1);
}

std::string RandomProgram::write_call(const Overload& overload, std::vector<std::string> args) {
  const std::string& name = overload.function;
  if (name == "_[_]") return "(" + args[0] + ")[" + args[1] + "]";
  if (name == "_[?_]") return "(" + args[0] + ")[?" + args[1] + "]";
  if (name == "_?_:_") return "(" + args[0] + " ? " + args[1] + " : " + args[2] + ")";
  if (name == "!_" || name == "-_") return name.substr(0, 1) + "(" + args[0] + ")";
  if (const auto symbol = infix(name)) return "(" + args[0] + " " + std::string(*symbol) + " " + args[1] + ")";
  std::string text = name;
  if (name == "math.@max") text = "math.greatest";
  if (name == "math.@min") text = "math.least";
  std::size_t first = 0;
  if (overload.is_method) {
    text = "(" + args[0] + ")." + name;
    first = 1;
  }
  text += "(";
  for (std::size_t i = first; i < args.size(); ++i) text += (i > first ? ", " : "") + args[i];
  return text + ")";
}

// An expression that may use these variables of a fold.
std::string RandomProgram::in_scope(std::vector<Local> locals, const Type& type, int height) {
  const std::size_t outer = locals_.size();
  const std::size_t outer_written = written_.size();
  locals_.insert(locals_.end(), locals.begin(), locals.end());
  std::string made = make(type, height);
  locals_.resize(outer);
  written_.resize(outer_written);
  return made;
}

Type RandomProgram::range_type(bool two_variables) {
  if (pick(2) == 0 || two_variables) return Type::map(Type::simple(key_kinds[pick(key_kinds.size())]), scalar());
  return Type::list(scalar());
}

std::string RandomProgram::macro(const Type& type, int height) {
  if (type.is(TypeKind::boolean)) {
    if (!optional_fields_.empty() && pick(3) == 0) {
      return "has(" + optional_fields_[pick(optional_fields_.size())] + ")";
    }
    return quantifier(height);
  }
  if ((type.is(TypeKind::list) || type.is(TypeKind::map)) && pick(3) > 0) return collection(type, height);
  const Type bound = scalar();
  const std::string name = "v" + std::to_string(names_++);
  const std::string value = make(bound, height - 1);
  return "cel.bind(" + name + ", " + value + ", " + in_scope({{name, bound}}, type, height - 1) + ")";
}

// A number that tells whether or how many items of a list or map are so.
std::string RandomProgram::quantifier(int height) {
  static constexpr std::array<std::string_view, 3> names = {"all", "exists", "exists_one"};
  const bool two_variables = pick(4) == 0;
  const Type range = range_type(two_variables);
  const std::string text = make(range, height - 1);
  const std::string first = "v" + std::to_string(names_++);
  const std::string second = "v" + std::to_string(names_++);
  std::vector<Local> locals = {{first, range.parameters()[0]}};
  if (two_variables) locals.push_back({second, range.parameters()[1]});
  const std::string body = in_scope(locals, Type::simple(TypeKind::boolean), height - 1);
  const std::size_t which = pick(names.size());
  const std::string macro = two_variables && which == 2 ? "existsOne" : std::string(names[which]);
  return "(" + text + ")." + macro + "(" + first + (two_variables ? ", " + second : "") + ", " + body + ")";
}

std::string RandomProgram::collection(const Type& type, int height) {
  const std::string name = "v" + std::to_string(names_++);
  const Type boolean = Type::simple(TypeKind::boolean);
  if (type.is(TypeKind::map)) {
    const std::string value = "v" + std::to_string(names_++);
    const Type range = Type::map(type.parameters()[0], scalar());
    const std::string text = make(range, height - 1);
    const std::vector<Local> locals = {{name, range.parameters()[0]}, {value, range.parameters()[1]}};
    const std::string filter = pick(2) == 0 ? in_scope(locals, boolean, height - 1) + ", " : "";
    return "(" + text + ").transformMap(" + name + ", " + value + ", " + filter +
           in_scope(locals, type.parameters()[1], height - 1) + ")";
  }
  if (pick(2) == 0) {
    const std::string text = make(type, height - 1);
    return "(" + text + ").filter(" + name + ", " + in_scope({{name, type.parameters()[0]}}, boolean, height - 1) + ")";
  }
  const Type range = range_type(false);
  const std::string text = make(range, height - 1);
  const std::vector<Local> locals = {{name, range.parameters()[0]}};
  const std::string filter = pick(3) == 0 ? in_scope(locals, boolean, height - 1) + ", " : "";
  return "(" + text + ").map(" + name + ", " + filter + in_scope(locals, type.parameters()[0], height - 1) + ")";
}

}  // namespace tallyho::cel
