#include "cel/type.h"

#include <array>
#include <utility>

namespace tallyho::cel {

struct Type::Node {
  std::string name = {};
  std::vector<Type> parameters = {};
  std::vector<Field> fields = {};
};

namespace {

constexpr std::string_view name_of(Type::Kind kind) {
  switch (kind) {
    case Type::Kind::dyn: return "dyn";
    case Type::Kind::error: return "error";
    case Type::Kind::null: return "null_type";
    case Type::Kind::boolean: return "bool";
    case Type::Kind::int64: return "int";
    case Type::Kind::uint64: return "uint";
    case Type::Kind::float64: return "double";
    case Type::Kind::string: return "string";
    case Type::Kind::bytes: return "bytes";
    case Type::Kind::timestamp: return "google.protobuf.Timestamp";
    case Type::Kind::duration: return "google.protobuf.Duration";
    case Type::Kind::list: return "list";
    case Type::Kind::map: return "map";
    case Type::Kind::type: return "type";
    case Type::Kind::optional: return "optional_type";
    case Type::Kind::opaque:
    case Type::Kind::record:
    case Type::Kind::parameter: break;
  }
  return "";
}

}  // namespace

Type Type::list(Type item) {
  // Most lists are of simple types, and need no node of their own.
  static const auto simple_lists = [] {
    std::array<Type, static_cast<std::size_t>(Kind::duration) + 1> made;
    for (std::size_t i = 0; i < made.size(); ++i) {
      made[i] = {Kind::list, std::make_shared<const Node>(Node{.parameters = {simple(static_cast<Kind>(i))}})};
    }
    return made;
  }();
  if (item.is_simple() && item.kind() <= Kind::duration) return simple_lists[static_cast<std::size_t>(item.kind())];
  return {Kind::list, std::make_shared<const Node>(Node{.parameters = {std::move(item)}})};
}

Type Type::map(Type key, Type value) {
  return {Kind::map, std::make_shared<const Node>(Node{.parameters = {std::move(key), std::move(value)}})};
}

Type Type::type_of(Type of) {
  return {Kind::type, std::make_shared<const Node>(Node{.parameters = {std::move(of)}})};
}

Type Type::optional(Type value) {
  return {Kind::optional, std::make_shared<const Node>(Node{.parameters = {std::move(value)}})};
}

Type Type::opaque(std::string name, std::vector<Type> parameters) {
  return {Kind::opaque,
          std::make_shared<const Node>(Node{.name = std::move(name), .parameters = std::move(parameters)})};
}

Type Type::record(std::string name, std::vector<Field> fields) {
  return {Kind::record, std::make_shared<const Node>(Node{.name = std::move(name), .fields = std::move(fields)})};
}

Type Type::parameter(std::string name) {
  return {Kind::parameter, std::make_shared<const Node>(Node{.name = std::move(name)})};
}

const std::string& Type::name() const {
  static const std::string none;
  return node_ ? node_->name : none;
}

const std::vector<Type>& Type::parameters() const {
  static const std::vector<Type> none;
  return node_ ? node_->parameters : none;
}

const std::vector<Field>& Type::fields() const {
  static const std::vector<Field> none;
  return node_ ? node_->fields : none;
}

const Field* Type::find_field(std::string_view name) const {
  for (const Field& field : fields()) {
    if (field.name == name) return &field;
  }
  return nullptr;
}

std::string Type::to_string() const {
  std::string text(name().empty() ? name_of(kind()) : name());
  // The bare names `list`, `type`, … are values of type(list(dyn)); a type without parameters is written bare.
  if (parameters().empty()) return text;
  text += '(';
  for (const Type& parameter : parameters()) {
    if (text.back() != '(') text += ", ";
    text += parameter.to_string();
  }
  return text + ')';
}

bool Type::operator==(const Type& other) const {
  if (kind_ != other.kind_) return false;
  if (node_ == other.node_) return true;
  if (name() != other.name() || parameters() != other.parameters()) return false;
  if (fields().size() != other.fields().size()) return false;
  for (std::size_t i = 0; i < fields().size(); ++i) {
    const Field& mine = fields()[i];
    const Field& its = other.fields()[i];
    if (mine.name != its.name || mine.type != its.type || mine.slot != its.slot) return false;
  }
  return true;
}

}  // namespace tallyho::cel
