#include "server/cloud_event.h"

#include <array>
#include <optional>
#include <utility>

#include "base/json.h"

namespace tallyho {
namespace {

constexpr std::string_view json_space = " \t\r\n";

void skip_space(std::string_view& text) {
  text.remove_prefix(std::min(text.find_first_not_of(json_space), text.size()));
}

// Takes the value that `text`, which is JSON, begins with: up to the comma or bracket behind it.
std::string_view take_value(std::string_view& text) {
  std::size_t depth = 0;
  std::size_t end = 0;
  for (; end < text.size(); ++end) {
    const char c = text[end];
    if (c == '"') {
      for (++end; end < text.size() && text[end] != '"'; ++end) {
        if (text[end] == '\\') ++end;
      }
    } else if (c == '[' || c == '{') {
      ++depth;
    } else if (c == ']' || c == '}') {
      if (depth == 0) break;
      --depth;
    } else if ((c == ',' || c == ':') && depth == 0) {
      break;
    }
  }
  std::string_view value = text.substr(0, end);
  text.remove_prefix(std::min(end, text.size()));
  return value.substr(0, value.find_last_not_of(json_space) + 1);
}

// The attributes that are looked at, as they stand in the JSON.
struct Attributes {
  std::string_view specversion;
  std::string_view type;
  std::string_view source;
  std::string_view id;
  std::string_view subject;
  std::string_view time;
  std::string_view datacontenttype;
  std::string_view data;
  std::string_view data_base64;

  std::string_view* named(std::string_view quoted_name) {
    const std::array<std::pair<std::string_view, std::string_view*>, 9> all = {{
        {R"("specversion")", &specversion},
        {R"("type")", &type},
        {R"("source")", &source},
        {R"("id")", &id},
        {R"("subject")", &subject},
        {R"("time")", &time},
        {R"("datacontenttype")", &datacontenttype},
        {R"("data")", &data},
        {R"("data_base64")", &data_base64},
    }};
    for (const auto& [name, value] : all) {
      if (name == quoted_name) return value;
    }
    return nullptr;
  }
};

// Names spelled with escapes are none that are looked at: CloudEvents has only letters and digits in them.
Attributes attributes_of(std::string_view json) {
  Attributes attributes;
  skip_space(json);
  while (!json.empty() && json.front() != '}') {
    json.remove_prefix(1);  // The brace, or a comma.
    skip_space(json);
    const std::string_view name = take_value(json);
    if (json.empty() || json.front() != ':') break;  // Nothing but the brace.
    json.remove_prefix(1);
    skip_space(json);
    const std::string_view value = take_value(json);
    if (std::string_view* attribute = attributes.named(name)) *attribute = value;
  }
  return attributes;
}

bool is_absent(std::string_view value) {
  return value.empty() || value == "null";
}

// "application/json", with or without parameters, or what ends with +json.
bool is_json_type(std::string_view quoted) {
  std::string_view type = quoted.substr(1, quoted.size() - 2);
  type = type.substr(0, type.find_first_of("; "));
  return type == "application/json" || type == "text/json" || type.ends_with("+json");
}

std::optional<CloudEventFault> fault_of(const Attributes& attributes) {
  const std::array<std::pair<std::string_view, std::string_view>, 5> required = {{
      {"specversion", attributes.specversion},
      {"type", attributes.type},
      {"source", attributes.source},
      {"id", attributes.id},
      {"subject", attributes.subject},
  }};
  for (const auto& [name, value] : required) {
    const std::string quoted = "'" + std::string(name) + "'";
    if (is_absent(value)) return CloudEventFault{Code::missing_field, name, quoted + " is missing"};
    if (value.front() != '"' || value.size() == 2) {
      return CloudEventFault{Code::invalid_field, name, quoted + " is a string that is not empty"};
    }
  }
  if (attributes.specversion != R"("1.0")") {
    return CloudEventFault{Code::invalid_field, "specversion", "'specversion' is '1.0'"};
  }
  if (!is_absent(attributes.time) && attributes.time.front() != '"') {
    return CloudEventFault{Code::invalid_field, "time", "'time' is a string"};
  }
  const std::string_view type = attributes.datacontenttype;
  if (!is_absent(type) && (type.front() != '"' || !is_json_type(type))) {
    return CloudEventFault{Code::invalid_field, "datacontenttype", "'datacontenttype' is application/json"};
  }
  if (!is_absent(attributes.data_base64)) {
    return CloudEventFault{Code::invalid_field, "data_base64", "'data' is JSON, not 'data_base64'"};
  }
  if (!is_absent(attributes.data) && attributes.data.front() != '{') {
    return CloudEventFault{Code::invalid_field, "data", "'data' is an object: the event's fields"};
  }
  return std::nullopt;
}

}  // namespace

std::expected<std::string_view, CloudEventFault> event_of_cloud_event(std::string_view json, Arena& arena) {
  const Attributes attributes = attributes_of(json);
  if (auto fault = fault_of(attributes)) return std::unexpected(std::move(*fault));
  std::string event;
  event.reserve(json.size());
  JsonWriter writer(event);
  writer.object().key("type").raw(attributes.type).key("player").raw(attributes.subject);
  writer.key("id").raw(attributes.id);
  if (!is_absent(attributes.time)) writer.key("ts").raw(attributes.time);
  writer.end();
  std::string_view fields = attributes.data;
  if (!is_absent(fields)) {
    fields = fields.substr(1, fields.size() - 2);
    if (fields.find_first_not_of(json_space) != std::string_view::npos) {
      event.back() = ',';
      event += fields;
      event += '}';
    }
  }
  return arena.copy(event);
}

}  // namespace tallyho
