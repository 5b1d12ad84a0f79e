#pragma once

#include <deque>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "cel/environment.h"
#include "ruleset/ruleset.h"
#include "ruleset/slots.h"
#include "ruleset/table_value.h"

namespace tallyho {

// What the loader has read so far, and what expressions must know of it.
struct Declarations {
  std::vector<std::pair<std::string, FieldType>> field_slots;  // By field slot number.
  std::vector<std::pair<std::string, Constant>> params;
  std::vector<std::pair<std::string, Constant>> tables;
  // Names whose declarations have a problem: "event.value", "player.finds", "params.gap", "type:find", "scope:team".
  // What uses them is not blamed.
  std::set<std::string, std::less<>> broken;
};

// The names that expressions in one place may use. Names that exist but may not be used there have slots of their own,
// so that the reason can be given.
struct Vocabulary {
  explicit Vocabulary(const cel::Environment* parent) : environment(parent) {}
  // The reason why the name behind a slot may not be used; null for one that may. "": it is broken elsewhere.
  const std::string* refusal(cel::Slot slot) const;

  cel::Environment environment;
  std::vector<std::string> refusals;
};

// Makes the vocabularies of a ruleset, each once, in `made`, which must outlive the programs compiled with them.
class VocabularyMaker {
 public:
  VocabularyMaker(const Ruleset& ruleset, const Declarations& declarations, std::deque<Vocabulary>& made)
      : ruleset_(ruleset), declarations_(declarations), made_(made) {}

  // For the values of `params`: nothing but functions.
  const Vocabulary& for_params();
  // For the key of a scope: the event (any type's fields) and the player's state.
  const Vocabulary& for_keys();
  // For rules and boards on these event types (sorted). With none: for what cannot be known, all of them.
  const Vocabulary& for_events(const std::vector<EventTypeIndex>& on);

 private:
  cel::Slot refuse(Vocabulary& vocabulary, std::string why);
  void refuse_variable(Vocabulary& vocabulary, std::string_view name, std::string why);
  void declare_constants(Vocabulary& vocabulary);
  void declare_event(Vocabulary& vocabulary, const std::vector<EventTypeIndex>& on);
  void declare_key_event(Vocabulary& vocabulary);
  void declare_scope(Vocabulary& vocabulary, ScopeIndex scope, bool with_total);
  void declare_other_scope(Vocabulary& vocabulary, ScopeIndex scope, const std::vector<EventTypeIndex>& on);
  cel::Field event_field(Vocabulary& vocabulary, std::string_view name, const std::vector<EventTypeIndex>& on,
                         std::string_view clash);
  void add_broken_fields(Vocabulary& vocabulary, std::string_view record, std::vector<cel::Field>& fields);
  std::vector<cel::Field> envelope_fields() const;
  std::uint16_t field_slot(std::string_view name, const FieldType& type) const;
  std::set<std::string, std::less<>> field_names() const;

  const Ruleset& ruleset_;
  const Declarations& declarations_;
  std::deque<Vocabulary>& made_;
  std::map<std::vector<EventTypeIndex>, const Vocabulary*> for_events_;
  const Vocabulary* for_params_ = nullptr;
  const Vocabulary* for_keys_ = nullptr;
};

// The types of fields and state as expressions see them.
cel::Type to_cel(const FieldType& type);
cel::Type to_cel(StateType type);

// How large a field can be.
cel::Bounds bounds_of(const FieldDefinition& field);
cel::Bounds bounds_of(const StateVariable& variable);

}  // namespace tallyho
