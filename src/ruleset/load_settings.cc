// The head of a ruleset file: everything but events, state, rules and boards.

#include <limits>

#include "fmt/format.h"
#include "ruleset/expression.h"
#include "ruleset/loading.h"

namespace tallyho {
namespace {

constexpr std::int64_t int64_min = std::numeric_limits<std::int64_t>::min();
constexpr std::int64_t int64_max = std::numeric_limits<std::int64_t>::max();
constexpr std::int64_t dedupe_ids_max = 65'536;
constexpr std::int64_t budget_max = 1'000'000'000;  // A second or so: more can only be a mistake.

// Reads a duration that is not negative.
void read_length(const YamlNode* node, std::string_view what, Duration& length, Loading& loading) {
  if (node == nullptr) return;
  const std::optional<Duration> duration = read_duration(*node, what, loading.report);
  if (!duration) return;
  if (*duration < Duration::zero()) {
    loading.error(*node, fmt::format("{} must not be negative", what));
    return;
  }
  length = *duration;
}

void load_time_zone(const YamlNode& node, Loading& loading) {
  const std::optional<std::string_view> name = read_text(node, "'time_zone'", loading.report);
  if (!name) return;
  const std::optional<TimeZone> zone = TimeZone::load(*name);
  if (!zone) {
    loading.error(node, fmt::format("unknown time zone '{}'; write an IANA name such as Europe/Berlin, or UTC", *name));
    return;
  }
  loading.ruleset->time_zone = *zone;
  loading.ruleset->time_zone_name = *name;
}

void load_clock(const YamlNode& node, Loading& loading) {
  MapReader clock(node, "'clock'", loading.report);
  read_length(clock.find("late"), "'late'", loading.ruleset->clock_late, loading);
  read_length(clock.find("early"), "'early'", loading.ruleset->clock_early, loading);
  clock.finish();
}

void load_dedupe(const YamlNode& node, Loading& loading) {
  MapReader dedupe(node, "'dedupe'", loading.report);
  read_length(dedupe.find("window"), "'window'", loading.ruleset->dedupe_window, loading);
  if (const YamlNode* per_player = dedupe.find("per_player")) {
    const auto count = read_int(*per_player, "'per_player'", 0, dedupe_ids_max, loading.report);
    if (count) loading.ruleset->dedupe_per_player = static_cast<std::uint32_t>(*count);
  }
  dedupe.finish();
}

void load_total(const YamlNode& node, Loading& loading) {
  Ruleset& ruleset = *loading.ruleset;
  MapReader total(node, "'total'", loading.report);
  const YamlNode* min = total.find("min");
  const YamlNode* max = total.find("max");
  if (min != nullptr) ruleset.total_min = read_int(*min, "'min'", int64_min, int64_max, loading.report);
  if (max != nullptr) ruleset.total_max = read_int(*max, "'max'", int64_min, int64_max, loading.report);
  if (ruleset.total_min && ruleset.total_max && *ruleset.total_min > *ruleset.total_max) {
    loading.error(*max, fmt::format("'max' ({}) is less than 'min' ({})", *ruleset.total_max, *ruleset.total_min));
  }
  total.finish();
}

// What an expression without variables reads: nothing.
class NoActivation final : public cel::Activation {
 public:
  cel::Value read(cel::Slot /*slot*/, Arena& /*arena*/) override { return cel::Value::error(cel::ErrorKind::unbound); }
  bool has(cel::Slot /*slot*/) override { return false; }
};

// The value of a param, in the ruleset's storage.
std::optional<cel::Value> constant_of(const cel::Program& program, const YamlNode& node, std::string_view what,
                                      Loading& loading) {
  NoActivation nothing;
  Arena arena;
  const cel::Value value = program.evaluate(nothing, arena);
  if (!value.is_error()) return cel::copy_into(value, loading.storage->arena);
  loading.error(node, fmt::format("{} fails: {}", what, cel::describe(value.error_kind())));
  return std::nullopt;
}

void load_param(const YamlEntry& entry, Loading& loading) {
  const std::string name = entry.key->text;
  Declarations& declarations = loading.declarations;
  const Vocabulary& vocabulary = loading.vocabularies.for_params();
  const std::string what = fmt::format("param '{}'", name);
  std::optional<cel::Program> program;
  if (check_identifier(*entry.key, "a param", loading.report)) {
    program = compile(*entry.value, what, vocabulary, cel::Type(), loading.report);
  }
  const std::optional<cel::Value> value = program ? constant_of(*program, *entry.value, what, loading) : std::nullopt;
  if (value) {
    declarations.params.emplace_back(name, Constant{*value, program->type(), bounds_of(*value)});
  } else {
    declarations.broken.insert(fmt::format("params.{}", name));
  }
}

void load_table(const YamlEntry& entry, Loading& loading) {
  const std::string name = entry.key->text;
  std::optional<Constant> table;
  if (check_identifier(*entry.key, "a table", loading.report)) {
    table = read_table(*entry.value, loading.storage->arena, loading.report);
  }
  if (table) {
    loading.declarations.tables.emplace_back(name, *table);
  } else {
    loading.declarations.broken.insert(fmt::format("tables.{}", name));
  }
}

void load_limits(MapReader& root, Loading& loading) {
  Ruleset& ruleset = *loading.ruleset;
  if (const YamlNode* clock = root.find("clock")) load_clock(*clock, loading);
  if (const YamlNode* dedupe = root.find("dedupe")) load_dedupe(*dedupe, loading);
  if (const YamlNode* total = root.find("total")) load_total(*total, loading);
  if (const YamlNode* model = root.find("cost_model")) {
    read_int(*model, "'cost_model'", cel::cost_model, cel::cost_model, loading.report);  // There is one so far.
  }
  if (const YamlNode* budget = root.find("budget")) {
    const auto units = read_int(*budget, "'budget'", 1, budget_max, loading.report);
    if (units) ruleset.budget = static_cast<std::uint64_t>(*units);
  }
}

}  // namespace

void load_settings(MapReader& root, Loading& loading) {
  Ruleset& ruleset = *loading.ruleset;
  root.forbid("partition_by", "'partition_by' is reserved: version 1 runs a ruleset as one game; leave it out");
  if (const YamlNode* name = root.require("name")) {
    ruleset.name = read_name(*name, "the ruleset's name", loading.report).value_or("");
  }
  if (const YamlNode* description = root.find("description")) {
    ruleset.description = read_text(*description, "'description'", loading.report).value_or("");
  }
  if (const YamlNode* time_zone = root.find("time_zone")) load_time_zone(*time_zone, loading);
  load_limits(root, loading);
  if (const YamlNode* is_public = root.find("public")) {
    ruleset.is_public = read_bool(*is_public, "'public'", loading.report).value_or(false);
  }
  if (const YamlNode* unknown = root.find("unknown_fields")) {
    ruleset.reject_unknown_fields =
        read_choice(*unknown, "'unknown_fields'", {"ignore", "reject"}, loading.report) == 1;
  }
}

void load_constants(MapReader& root, Loading& loading) {
  if (const YamlNode* params = root.find("params")) {
    for (const YamlEntry& entry : read_entries(*params, "'params'", loading.report)) load_param(entry, loading);
  }
  if (const YamlNode* tables = root.find("tables")) {
    for (const YamlEntry& entry : read_entries(*tables, "'tables'", loading.report)) load_table(entry, loading);
  }
}

}  // namespace tallyho
