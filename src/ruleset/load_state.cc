// The `state` of a ruleset file: what rules remember, per player and per key of other scopes.

#include <algorithm>
#include <array>

#include "fmt/format.h"
#include "fmt/ranges.h"
#include "ruleset/loading.h"
#include "ruleset/words.h"

namespace tallyho {
namespace {

constexpr std::size_t scopes_max = 1'000;
constexpr std::size_t variables_max = 1'000;      // Of one scope.
constexpr std::int64_t state_bytes_max = 16'384;  // As large as an event.
constexpr std::int64_t set_capacity_max = 65'536;
constexpr std::int64_t window_capacity_max = 1'024;

constexpr std::array<std::string_view, 8> state_type_names{"bool",      "int",      "double", "string",
                                                           "timestamp", "duration", "set",    "window"};

// What a scope cannot be called: the other variables, CEL's reserved words, and the names that its functions begin
// with.
constexpr std::array<std::string_view, 46> reserved_names{
    "event",    "now",       "points",  "params",    "tables", "as",        "break",    "const",
    "continue", "else",      "for",     "function",  "if",     "import",    "let",      "loop",
    "package",  "namespace", "return",  "var",       "void",   "while",     "in",       "true",
    "false",    "null",      "bool",    "int",       "uint",   "double",    "string",   "bytes",
    "list",     "map",       "type",    "null_type", "dyn",    "timestamp", "duration", "optional_type",
    "math",     "geo",       "strings", "base64",    "cel",    "optional"};

class VariableReader {
 public:
  VariableReader(const YamlEntry& entry, Loading& loading) : entry_(entry), loading_(loading) {
    variable_.name = entry.key->text;
  }

  // Nothing if something is wrong with it.
  std::optional<StateVariable> read() {
    if (!check_identifier(*entry_.key, "a state variable", loading_.report)) is_wrong_ = true;
    if (entry_.value->is_scalar()) {
      read_type(*entry_.value);
      if (!is_wrong_) check_required(nullptr, nullptr, *entry_.value);
    } else if (entry_.value->is_map()) {
      read_map(*entry_.value);
    } else {
      fail(*entry_.value, fmt::format("'{}' needs a type, such as {}: int", variable_.name, variable_.name));
    }
    if (is_wrong_) return std::nullopt;
    if (!has_init_) variable_.init = zero();
    return std::move(variable_);
  }

 private:
  void fail(const YamlNode& node, std::string message) {
    loading_.error(node, std::move(message));
    is_wrong_ = true;
  }

  bool is(StateType type) const { return variable_.type == type; }
  bool is_scalar() const { return !is(StateType::set) && !is(StateType::window); }

  void read_type(const YamlNode& node) {
    const std::optional<std::string_view> name = read_text(node, "'type'", loading_.report);
    const auto found = name ? std::ranges::find(state_type_names, *name) : state_type_names.end();
    if (found != state_type_names.end()) {
      variable_.type = static_cast<StateType>(found - state_type_names.begin());
      return;
    }
    is_wrong_ = true;
    if (!name) return;
    const std::vector<std::string_view> known(state_type_names.begin(), state_type_names.end());
    loading_.error(node, fmt::format("unknown state type '{}'{}", *name, suggestion(*name, known)));
  }

  void read_map(const YamlNode& node) {
    MapReader map(node, fmt::format("'{}'", variable_.name), loading_.report);
    const YamlNode* type = map.require("type");
    const YamlNode* init = map.find("init");
    const YamlNode* resets = map.find("resets");
    const YamlNode* max_bytes = map.find("max_bytes");
    const YamlNode* capacity = map.find("capacity");
    const YamlNode* on_full = map.find("on_full");
    const YamlNode* span = map.find("span");
    map.finish();
    if (type == nullptr) {
      is_wrong_ = true;
      return;
    }
    read_type(*type);
    if (is_wrong_) return;
    check_required(capacity, span, *type);
    if (applies(max_bytes, "max_bytes", is(StateType::string) || is(StateType::set), "strings and sets")) {
      variable_.max_bytes = read_count(*max_bytes, "'max_bytes'", state_bytes_max);
    }
    if (applies(capacity, "capacity", !is_scalar(), "sets and windows")) {
      variable_.capacity =
          read_count(*capacity, "'capacity'", is(StateType::set) ? set_capacity_max : window_capacity_max);
    }
    if (applies(span, "span", is(StateType::window), "windows")) read_span(*span);
    if (applies(on_full, "on_full", is(StateType::set), "sets")) read_on_full(*on_full);
    if (applies(resets, "resets", is_scalar(), "scalars")) read_resets(*resets);
    if (applies(init, "init", is_scalar(), "scalars")) read_init(*init);
  }

  void check_required(const YamlNode* capacity, const YamlNode* span, const YamlNode& type) {
    if (is(StateType::set) && capacity == nullptr) {
      fail(type, fmt::format("a set needs a capacity: {}: {{type: set, capacity: 512}}", variable_.name));
    }
    if (is(StateType::window) && (capacity == nullptr || span == nullptr)) {
      fail(type, fmt::format("a window needs a span and a capacity: {}: {{type: window, span: 5m, capacity: 16}}",
                             variable_.name));
    }
  }

  // Whether an option applies to the variable's type; reports it otherwise.
  bool applies(const YamlNode* node, std::string_view option, bool does, std::string_view to) {
    if (node == nullptr) return false;
    if (!does) fail(*node, fmt::format("'{}' applies to {}, not to {}", option, to, to_string(variable_.type)));
    return does;
  }

  std::uint32_t read_count(const YamlNode& node, std::string_view what, std::int64_t max) {
    const auto count = read_int(node, what, 1, max, loading_.report);
    is_wrong_ = is_wrong_ || !count;
    return static_cast<std::uint32_t>(count.value_or(1));
  }

  void read_span(const YamlNode& node) {
    const std::optional<Duration> span = read_duration(node, "'span'", loading_.report);
    if (span && *span <= Duration::zero()) loading_.error(node, "'span' must be longer than 0s");
    is_wrong_ = is_wrong_ || !span || *span <= Duration::zero();
    variable_.span = span.value_or(Duration());
  }

  void read_on_full(const YamlNode& node) {
    const auto choice = read_choice(node, "'on_full'", {"error", "drop_oldest"}, loading_.report);
    is_wrong_ = is_wrong_ || !choice;
    variable_.drop_oldest = choice == 1;
  }

  void read_resets(const YamlNode& node) {
    const std::optional<Every> every = read_every(node, "'resets'", false, loading_.report);
    is_wrong_ = is_wrong_ || !every;
    variable_.resets = every.value_or(Every::never);
  }

  cel::Value zero() const {
    switch (variable_.type) {
      case StateType::boolean: return cel::Value::boolean(false);
      case StateType::int64: return cel::Value::int64(0);
      case StateType::float64: return cel::Value::float64(0);
      case StateType::string: return cel::Value::string("");
      case StateType::timestamp: return cel::Value::timestamp({});
      case StateType::duration: return cel::Value::duration({});
      default: return {};
    }
  }

  void read_init(const YamlNode& node) {
    const std::optional<cel::Value> value = init_value(node);
    is_wrong_ = is_wrong_ || !value;
    variable_.init = value.value_or(cel::Value());
    has_init_ = true;
  }

  // The value that `init` gives; it is a value as YAML writes it, not an expression.
  std::optional<cel::Value> init_value(const YamlNode& node) {
    constexpr std::string_view what = "'init'";
    Report& report = loading_.report;
    switch (variable_.type) {
      case StateType::boolean: return read_bool(node, what, report).transform(&cel::Value::boolean);
      case StateType::int64:
        return read_int(node, what, std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max(),
                        report)
            .transform(&cel::Value::int64);
      case StateType::float64: return read_double(node, what, report).transform(&cel::Value::float64);
      case StateType::timestamp: return read_timestamp(node, what, report).transform(&cel::Value::timestamp);
      case StateType::duration: return read_duration(node, what, report).transform(&cel::Value::duration);
      case StateType::string: break;
      default: return std::nullopt;
    }
    const std::optional<std::string_view> text = read_text(node, what, report);
    if (!text) return std::nullopt;
    if (text->size() > variable_.max_bytes) {
      loading_.error(node,
                     fmt::format("'init' has {} bytes, more than 'max_bytes' ({})", text->size(), variable_.max_bytes));
      return std::nullopt;
    }
    return cel::Value::string(loading_.storage->arena.copy(*text));
  }

  const YamlEntry& entry_;
  Loading& loading_;
  StateVariable variable_;
  bool has_init_ = false;
  bool is_wrong_ = false;
};

void load_variable(const YamlEntry& entry, Scope& scope, Loading& loading) {
  const std::string& name = entry.key->text;
  if (scope.name == "player" && name == "total") {
    loading.error(*entry.key, "'player.total' is there already: it is the player's total, which 'points' change");
    return;
  }
  if (std::optional<StateVariable> variable = VariableReader(entry, loading).read()) {
    scope.variables.push_back(std::move(*variable));
  } else {
    loading.declarations.broken.insert(fmt::format("{}.{}", scope.name, name));
  }
}

// A scope and where its key is written, which is compiled once all scopes are known.
struct ScopeNode {
  const YamlNode* name = nullptr;
  const YamlNode* key = nullptr;
};

ScopeNode load_scope(const YamlEntry& entry, Scope& scope, Loading& loading) {
  ScopeNode nodes{entry.key, nullptr};
  const std::vector<YamlEntry> variables =
      read_entries(*entry.value, fmt::format("scope '{}'", scope.name), loading.report);
  if (variables.size() > variables_max) {
    loading.error(*entry.key, fmt::format("scope '{}' has {} variables; at most {} are possible", scope.name,
                                          variables.size(), variables_max));
    return nodes;
  }
  for (const YamlEntry& variable : variables) {
    if (variable.key->text != "key") {
      load_variable(variable, scope, loading);
    } else if (scope.name == "player") {
      loading.error(*variable.key, "scope 'player' is always keyed by event.player; leave 'key' out");
    } else {
      nodes.key = variable.value;
    }
  }
  return nodes;
}

bool check_scope_name(const YamlNode& key, Loading& loading) {
  if (!check_identifier(key, "a scope", loading.report)) return false;
  if (std::ranges::find(reserved_names, key.text) == reserved_names.end()) return true;
  loading.error(key, fmt::format("a scope cannot be called '{}': expressions know that word already", key.text));
  return false;
}

void load_key(const ScopeNode& nodes, Scope& scope, std::vector<Priced>& prices, Loading& loading) {
  if (nodes.key == nullptr) {
    loading.error(*nodes.name, fmt::format("scope '{}' needs a key, such as key: event.{}", scope.name, scope.name));
    return;
  }
  scope.key = loading.compile(nodes.key, "'key'", loading.vocabularies.for_keys(), cel::Type::Kind::string,
                              fmt::format("scope '{}'", scope.name), prices);
}

}  // namespace

void load_state(MapReader& root, Loading& loading) {
  std::vector<Scope>& scopes = loading.ruleset->scopes;
  scopes.emplace_back().name = "player";
  std::vector<ScopeNode> nodes(1);
  if (const YamlNode* state = root.find("state")) {
    const std::vector<YamlEntry> entries = read_entries(*state, "'state'", loading.report);
    if (entries.size() > scopes_max) {
      loading.error(*state, fmt::format("{} scopes; at most {} are possible", entries.size(), scopes_max));
      return;
    }
    for (const YamlEntry& entry : entries) {
      if (entry.key->text == "player") {
        load_scope(entry, scopes[player_scope], loading);
        continue;
      }
      if (!check_scope_name(*entry.key, loading)) {
        loading.declarations.broken.insert(fmt::format("scope:{}", entry.key->text));
        continue;
      }
      scopes.emplace_back().name = entry.key->text;
      nodes.push_back(load_scope(entry, scopes.back(), loading));
    }
  }
  loading.key_prices.resize(scopes.size());
  for (std::size_t i = player_scope + 1; i < scopes.size(); ++i) {
    load_key(nodes[i], scopes[i], loading.key_prices[i], loading);
  }
}

}  // namespace tallyho
