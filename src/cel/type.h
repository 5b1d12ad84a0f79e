#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cel/value.h"

namespace tallyho::cel {

// Names a place that an Activation can read: a variable, or a field of a record variable. The host chooses the
// numbers.
using Slot = std::uint32_t;

// How large a value can be; what the cost estimate multiplies by. 0: not bounded by its declaration.
struct Bounds {
  std::uint32_t size_max = 0;       // Bytes of a string or bytes; items of a list, map or opaque.
  std::uint32_t item_size_max = 0;  // The same for the items (a map's keys included).
};

struct Field;

// A type as the checker sees it. Immutable, cheap to copy; compared by structure.
class Type {
 public:
  enum class Kind : std::uint8_t {
    dyn,
    error,
    null,
    boolean,
    int64,
    uint64,
    float64,
    string,
    bytes,
    timestamp,
    duration,
    list,       // parameters: item
    map,        // parameters: key, value
    type,       // parameters: the type it is the type of
    optional,   // parameters: value
    opaque,     // name, parameters: a host's type that only its functions can take ("set")
    record,     // name, fields: a host's variable of which only fields can be used ("event")
    parameter,  // name: a type variable in an overload ("A")
  };

  Type() = default;  // dyn
  static Type simple(Kind kind) { return Type(kind, nullptr); }
  static Type list(Type item);
  static Type map(Type key, Type value);
  static Type type_of(Type type);
  static Type optional(Type value);
  static Type opaque(std::string name, std::vector<Type> parameters = {});
  static Type record(std::string name, std::vector<Field> fields);
  static Type parameter(std::string name);

  Kind kind() const { return kind_; }
  bool is(Kind other) const { return kind() == other; }
  bool is_simple() const { return node_ == nullptr; }  // Neither name, parameters nor fields.
  const std::string& name() const;                     // Of opaque, record and parameter.
  const std::vector<Type>& parameters() const;
  const std::vector<Field>& fields() const;  // Of a record, in declared order.
  const Field* find_field(std::string_view name) const;

  // As CEL writes it: "list(string)", "map(string, int)", "google.protobuf.Timestamp", "optional_type(int)".
  std::string to_string() const;

  bool operator==(const Type& other) const;

 private:
  struct Node;
  Type(Kind kind, std::shared_ptr<const Node> node) : kind_(kind), node_(std::move(node)) {}

  Kind kind_ = Kind::dyn;
  std::shared_ptr<const Node> node_;  // Null: there is nothing to tell but the kind.
};

// A field of a record.
struct Field {
  std::string name;
  Type type;
  Slot slot = 0;
  bool optional = false;  // has() asks; reading an absent one is the error no_such_field.
  Bounds bounds = {};
  std::optional<Value> constant = {};  // Set: the field always has this value (params, tables), and is folded.
};

}  // namespace tallyho::cel
