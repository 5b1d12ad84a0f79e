#include "ruleset/words.h"

#include "fmt/format.h"

namespace tallyho {

std::string_view to_string(FieldType::Kind kind) {
  switch (kind) {
    case FieldType::Kind::boolean: return "bool";
    case FieldType::Kind::int64: return "int";
    case FieldType::Kind::float64: return "double";
    case FieldType::Kind::string: return "string";
    case FieldType::Kind::timestamp: return "timestamp";
    case FieldType::Kind::list: return "list";
    case FieldType::Kind::map: return "map";
  }
  return "";
}

std::string to_string(const FieldType& type) {
  if (type.kind == FieldType::Kind::list || type.kind == FieldType::Kind::map) {
    return fmt::format("{}<{}>", to_string(type.kind), to_string(type.item));
  }
  return std::string(to_string(type.kind));
}

std::string_view to_string(StateType type) {
  switch (type) {
    case StateType::boolean: return "bool";
    case StateType::int64: return "int";
    case StateType::float64: return "double";
    case StateType::string: return "string";
    case StateType::timestamp: return "timestamp";
    case StateType::duration: return "duration";
    case StateType::set: return "set";
    case StateType::window: return "window";
  }
  return "";
}

std::string_view to_string(Every every) {
  switch (every) {
    case Every::never: return "ever";
    case Every::hourly: return "hourly";
    case Every::daily: return "daily";
    case Every::weekly: return "weekly";
    case Every::fixed: return "fixed";
  }
  return "";
}

std::string_view to_string(BoardOperator op) {
  switch (op) {
    case BoardOperator::sum: return "sum";
    case BoardOperator::best: return "best";
    case BoardOperator::latest: return "latest";
  }
  return "";
}

}  // namespace tallyho
