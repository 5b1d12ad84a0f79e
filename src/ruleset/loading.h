#pragma once

#include <cstdint>
#include <deque>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "ruleset/ruleset.h"
#include "ruleset/vocabulary.h"
#include "ruleset/yaml_value.h"

namespace tallyho {

// What a ruleset's programs and constants point to; Ruleset::storage keeps it.
struct RulesetStorage {
  Arena arena;
  std::deque<Vocabulary> vocabularies;
};

// An expression with its place and its price.
struct Priced {
  const YamlNode* node = nullptr;
  std::string what;  // "rule 'find-base', points"
  const Vocabulary* vocabulary = nullptr;
  cel::Cost cost;
  std::vector<cel::Slot> slots;
};

// One ruleset while it is being read. The parts below are called in this order by load_ruleset() (loader.cc); each
// reads one section of the file into `ruleset`, and reports every problem it finds on the way.
struct Loading {
  explicit Loading(Report& sink)
      : report(sink),
        ruleset(std::make_shared<Ruleset>()),
        storage(std::make_shared<RulesetStorage>()),
        vocabularies(*ruleset, declarations, storage->vocabularies) {}

  // Compiles an optional expression: nothing if `node` is null or has a problem. Its price goes to `prices`.
  std::optional<cel::Program> compile(const YamlNode* node, std::string_view what, const Vocabulary& vocabulary,
                                      cel::Type::Kind expected, std::string_view owner, std::vector<Priced>& prices);
  std::optional<cel::Program> compile(const YamlNode* node, std::string_view what, const Vocabulary& vocabulary,
                                      const cel::Type& expected, std::string_view owner, std::vector<Priced>& prices);

  // A problem with a node.
  void error(const YamlNode& node, std::string message) { report.error(node.begin, node.end, std::move(message)); }

  Report& report;
  std::shared_ptr<Ruleset> ruleset;
  std::shared_ptr<RulesetStorage> storage;
  Declarations declarations;
  VocabularyMaker vocabularies;
  std::vector<std::vector<Priced>> rule_prices;   // By rule.
  std::vector<std::vector<Priced>> board_prices;  // By board.
  std::vector<std::vector<Priced>> key_prices;    // By scope: its key.
};

void load_settings(MapReader& root, Loading& loading);
void load_constants(MapReader& root, Loading& loading);  // params, tables
bool load_events(MapReader& root, Loading& loading);     // False: too many to go on.
void load_player_events(MapReader& root, Loading& loading);
void load_state(MapReader& root, Loading& loading);
void load_rules(MapReader& root, Loading& loading);
void load_boards(MapReader& root, Loading& loading);
void load_costs(Loading& loading);  // Sums up, and refuses what is over the budget.

// The event types that a list (or a single name) names, sorted; every type if `node` is null. What is not known is
// reported, and left out.
std::vector<EventTypeIndex> read_event_types(const YamlNode* node, std::string_view what, Loading& loading);

// A name as rulesets, rules and boards have: [a-z0-9-]{1,63}. Reports and returns nothing otherwise.
std::optional<std::string> read_name(const YamlNode& node, std::string_view what, Report& report);

// Whether the key is an identifier that expressions can use behind a point; reports it otherwise.
bool check_identifier(const YamlNode& key, std::string_view what, Report& report);

// hourly, daily, weekly and, where it is taken, ever.
std::optional<Every> read_every(const YamlNode& node, std::string_view what, bool takes_ever, Report& report);

}  // namespace tallyho
