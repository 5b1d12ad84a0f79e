#include "cel/type.h"

#include <array>
#include <utility>

namespace tallyho::cel {

struct Type::Node {
  Kind kind = Kind::dyn;
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

Type Type::simple(Kind kind) {
  // Made once: a checker asks for them at every step.
  static const auto nodes = [] {
    std::array<std::shared_ptr<const Node>, static_cast<std::size_t>(Kind::parameter) + 1> made;
    for (std::size_t i = 0; i < made.size(); ++i) {
      made[i] = std::make_shared<const Node>(Node{.kind = static_cast<Kind>(i)});
    }
    return made;
  }();
  Type type;
  if (kind != Kind::dyn) type.node_ = nodes[static_cast<std::size_t>(kind)];
  return type;
}

Type Type::list(Type item) {
  Type type;
  type.node_ = std::make_shared<const Node>(Node{.kind = Kind::list, .parameters = {std::move(item)}});
  return type;
}

Type Type::map(Type key, Type value) {
  Type type;
  type.node_ = std::make_shared<const Node>(Node{.kind = Kind::map, .parameters = {std::move(key), std::move(value)}});
  return type;
}

Type Type::type_of(Type of) {
  Type type;
  type.node_ = std::make_shared<const Node>(Node{.kind = Kind::type, .parameters = {std::move(of)}});
  return type;
}

Type Type::optional(Type value) {
  Type type;
  type.node_ = std::make_shared<const Node>(Node{.kind = Kind::optional, .parameters = {std::move(value)}});
  return type;
}

Type Type::opaque(std::string name, std::vector<Type> parameters) {
  Type type;
  type.node_ = std::make_shared<const Node>(
      Node{.kind = Kind::opaque, .name = std::move(name), .parameters = std::move(parameters)});
  return type;
}

Type Type::record(std::string name, std::vector<Field> fields) {
  Type type;
  type.node_ =
      std::make_shared<const Node>(Node{.kind = Kind::record, .name = std::move(name), .fields = std::move(fields)});
  return type;
}

Type Type::parameter(std::string name) {
  Type type;
  type.node_ = std::make_shared<const Node>(Node{.kind = Kind::parameter, .name = std::move(name)});
  return type;
}

Type::Kind Type::kind() const {
  return node_ ? node_->kind : Kind::dyn;
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
  if (node_ == other.node_) return true;
  if (kind() != other.kind() || name() != other.name() || parameters() != other.parameters()) return false;
  if (fields().size() != other.fields().size()) return false;
  for (std::size_t i = 0; i < fields().size(); ++i) {
    const Field& mine = fields()[i];
    const Field& its = other.fields()[i];
    if (mine.name != its.name || mine.type != its.type || mine.slot != its.slot) return false;
  }
  return true;
}

}  // namespace tallyho::cel
