#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "base/form.h"
#include "base/symbols.h"
#include "cel/value.h"
#include "ruleset/ruleset.h"
#include "state/dedupe.h"
#include "state/hash128.h"
#include "state/journal.h"
#include "state/packed_time.h"
#include "state/period_clock.h"
#include "state/pool.h"
#include "state/record_layout.h"
#include "state/record_table.h"
#include "state/set_state.h"
#include "state/window_state.h"

namespace tallyho {

// Why state refuses a key or a value.
enum class StateFault : std::uint8_t { none, empty_key, key_failed, set_full, text_too_long };

// Everything that rules remember: a table of records for each scope, and what players have beside their variables.
//
//     state.begin();
//     Record ada = state.find(player_scope, key);          // null: nothing is known of her yet
//     Value finds = state.read(player_scope, ada, finds_variable, clock);
//     if (!ada) ada = state.create(player_scope, key);
//     state.write(player_scope, ada, finds_variable, Value::int64(1), clock);
//     if (failed) state.roll_back();                       // as at begin()
//
// A key without a record reads as its initial values. What resets belongs to the period of the event that wrote it: an
// event of a later period reads the initial value; one of an earlier period reads and writes what is there, which stays
// with the later period.
//
// Threads: the engine thread owns it. Memory: a record per key (RecordLayout says how many bytes), sets, windows and
// remembered ids out of line once used. Nothing here knows limits on how many keys there may be: the engine does.
class State {
 public:
  // Both outlive the state.
  State(const Ruleset& ruleset, SymbolTable& symbols);
  ~State();
  State(const State&) = delete;
  State& operator=(const State&) = delete;

  // Begins an event: what was written before stays. Takes back what was written since.
  void begin() { journal_.begin(); }
  void roll_back() { journal_.roll_back(); }

  // Looking. None of these allocates. A null record is that of a key without one.
  Record find(ScopeIndex scope, Symbol key) const { return tables_[scope].find(key); }
  // Ask for bytes ahead of their use, so that they come from memory together and while something else is done: first
  // what find() reads; then those of a record; once they are there, the remembered ids and some annexes, sets and
  // windows that a player's record names; once those are, what they hold or name; and at last what sets and windows
  // named in annexes hold. Null is nobody's.
  void prefetch(ScopeIndex scope, Symbol key) const { tables_[scope].prefetch(key); }
  void prefetch(ScopeIndex scope, const std::byte* record) const {
    if (record == nullptr) return;
    for (std::size_t i = 0; i < tables_[scope].record_bytes(); i += 64) __builtin_prefetch(record + i, 1);
  }
  struct Parts {
    std::vector<std::uint16_t> annexes;
    std::vector<std::uint16_t> variables;  // Sets and windows, named in the record itself.
    std::vector<std::uint16_t> annexed;    // And in annexes.
  };
  // Those that lie behind some variables of a player.
  Parts parts_behind(std::span<const std::uint16_t> variables) const;
  void prefetch_parts(const std::byte* player, bool is_ingest, const Parts& parts) const;
  void prefetch_contents(const std::byte* player, bool is_ingest, const Parts& parts) const;
  void prefetch_annexed(const std::byte* player, const Parts& parts) const;
  // A scalar's value at the clock's time; strings point into the symbol table or the ruleset.
  cel::Value read(ScopeIndex scope, const std::byte* record, std::uint16_t variable, PeriodClock& clock) const {
    return read(scalar(scope, variable), record, clock);
  }
  // The same, with what there is to know of the variable looked up beforehand. Valid as long as the state.
  struct Scalar {
    RecordLayout::Place place;
    const cel::Value* initial = nullptr;
  };
  Scalar scalar(ScopeIndex scope, std::uint16_t variable) const {
    return {layouts_[scope].place(variable), &ruleset_.scopes[scope].variables[variable].init};
  }
  cel::Value read(const Scalar& scalar, const std::byte* record, PeriodClock& clock) const {
    return read_there(scalar, annex_of(record, scalar.place.annex), clock);
  }
  // The annex of a player with this number; number 0 is the record itself. Null: it has none, or there is no record.
  const std::byte* annex_of(const std::byte* record, std::uint16_t annex) const {
    if (annex == 0 || record == nullptr) return record;
    const auto number = load<std::uint32_t>(record, RecordLayout::annex_offset(annex));
    return number == 0 ? nullptr : annexes_[annex - 1].record(number - 1);
  }
  // The same as read(), by whoever has the annex that the variable is in.
  cel::Value read_there(const Scalar& scalar, const std::byte* annex, PeriodClock& clock) const {
    if (annex == nullptr || has_reset(scalar.place, annex, clock)) return *scalar.initial;
    return load_scalar(scalar.place, annex);
  }
  // The symbol of a string's value; no_symbol for ''. O(1), looks at no text.
  Symbol read_symbol(ScopeIndex scope, const std::byte* record, std::uint16_t variable, PeriodClock& clock) const;
  SetMembers find_set(ScopeIndex scope, const std::byte* record, std::uint16_t variable) const;
  // Null: empty, as it was never used.
  const WindowState* find_window(ScopeIndex scope, const std::byte* record, std::uint16_t variable) const;

  // Writing; roll_back() undoes it. The record must be there.
  Record create(ScopeIndex scope, Symbol key);
  // Gives a scalar a value of its type. Faults, changing nothing: text_too_long.
  StateFault write(ScopeIndex scope, Record record, std::uint16_t variable, const cel::Value& value,
                   PeriodClock& clock);
  // Adds a string to a set or a timestamp to a window. Faults, changing nothing: text_too_long, set_full.
  StateFault add(ScopeIndex scope, Record record, std::uint16_t variable, const cel::Value& value);

  // What players have beside their variables. Writing these is undone by roll_back() too.
  std::int64_t total(const std::byte* player) const;
  void set_total(Record player, std::int64_t total);
  // When a rule with a cooldown fired last; `never_happened` if it has not.
  Timestamp last_fired(const std::byte* player, std::uint16_t cooldown) const;
  void set_last_fired(Record player, std::uint16_t cooldown, Timestamp time);
  // What a rule with a cap has paid in the clock's period.
  std::int64_t paid(const std::byte* player, const PointsCap& cap, PeriodClock& clock) const;
  void set_paid(Record player, const PointsCap& cap, std::int64_t paid, PeriodClock& clock);

  // What an accepted event with this id was answered, if it is still remembered.
  std::optional<std::int64_t> remembered(const std::byte* player, bool is_ingest, const IdHash& id,
                                         Timestamp arrival) const;
  // Remembers an id. Not undone: only an event that is accepted for good may ask.
  void remember(Record player, bool is_ingest, const IdHash& id, Timestamp arrival, std::int64_t points);

  // Takes a player's record out, with its sets, windows and remembered ids. Not undone; nothing may have been written
  // since begin(). A player without a record changes nothing. O(what it holds).
  void forget_player(Symbol player);

  std::size_t keys(ScopeIndex scope) const { return tables_[scope].size(); }
  std::size_t scopes() const { return tables_.size(); }

  // Everything above but the journal. O(all state).
  Hash128 hash() const;

  // Writes down the same. O(all state).
  void save(FormWriter& out) const;
  // Fills a new state with what save() wrote, maybe under another ruleset: scopes and variables take over what there
  // was under their name, variables if they have the type and reset as that did; cooldowns and caps go by their rules.
  // The symbols are those that were. Returns what stays behind, for people: "player.finds: it was int and is string".
  // O(all state). What can't be fails `in`; then the state is of no use.
  std::vector<std::string> restore(FormReader& in);

  struct Memory {
    std::size_t players = 0, scopes = 0, sets = 0, dedupe = 0;
  };
  Memory memory() const;  // Sets: windows too. O(sets).

 private:
  struct Saving;
  struct Loading;

  // Those of a scope's records, and, if it is the players', of their annexes.
  std::vector<std::vector<std::byte>> make_blanks(ScopeIndex scope);
  cel::Value load_scalar(const RecordLayout::Place& place, const std::byte* record) const;
  template <typename Put>
  void put_scalar(StateType type, const cel::Value& value, Put put);
  void enter_period(Record record, std::uint32_t period_offset, std::int64_t starts);
  Record make_annex(Record player, std::uint16_t annex);
  Record make_annex_for_writing(Record record, std::uint16_t annex);
  Record annex_for_writing(Record record, std::uint16_t annex) {
    if (annex == 0) return record;
    const auto number = load<std::uint32_t>(record, RecordLayout::annex_offset(annex));
    return number == 0 ? make_annex_for_writing(record, annex) : annexes_[annex - 1].record(number - 1);
  }
  // Writes what was read back. Not undone. What equals an annex's initial value needs no annex.
  template <typename T>
  void put(Record record, std::uint16_t annex, std::uint32_t offset, const T& value) {
    const auto number = annex == 0 ? 0 : load<std::uint32_t>(record, RecordLayout::annex_offset(annex));
    if (annex != 0 && number == 0) {
      if (std::memcmp(blank(player_scope, annex) + offset, &value, sizeof(value)) == 0) return;
      record = make_annex(record, annex);
    } else if (annex != 0) {
      record = annexes_[annex - 1].record(number - 1);
    }
    store(record, offset, value);
  }
  const std::byte* blank(ScopeIndex scope, std::uint16_t annex) const;
  // What a record's annex holds, initial values if it has none.
  const std::byte* annex_or_blank(ScopeIndex scope, const std::byte* record, std::uint16_t annex) const;
  // The number in a pool that a set or window has; 0: none. A set's only member is there itself, with the highest bit.
  static constexpr std::uint32_t only_bit = 0x8000'0000;
  SetMembers members(std::uint32_t number) const {
    if (number == 0) return {};
    return (number & only_bit) != 0 ? SetMembers(Symbol{number ^ only_bit}) : SetMembers(sets_[number]);
  }
  std::uint32_t part_number(const RecordLayout::Place& place, const std::byte* record) const {
    const std::byte* const at = annex_of(record, place.annex);
    return at == nullptr ? 0 : load<std::uint32_t>(at, place.offset);
  }
  void prefetch_part(const RecordLayout::Place& place, std::uint32_t number) const;
  void prefetch_content(const RecordLayout::Place& place, std::uint32_t number) const;
  StateFault add_to_set(Record record, const RecordLayout::Place& place, const StateVariable& variable,
                        std::string_view text);
  void add_to_window(Record record, const RecordLayout::Place& place, const StateVariable& variable, Timestamp time);
  // A player's ids while they change: also where memory runs out half-way the record has what there is then, not what
  // was.
  struct BorrowedIds {
    State& state;
    const Record player;
    const std::uint32_t offset;
    RememberedIds ids = load<RememberedIds>(player, offset);
    const std::size_t bytes_before = ids.memory_bytes();
    ~BorrowedIds() {
      store(player, offset, ids);
      state.ids_bytes_ += ids.memory_bytes() - bytes_before;
    }
  };
  BorrowedIds borrow_ids(Record player, bool is_ingest) {
    return {*this, player, layouts_[player_scope].ids_offset(is_ingest)};
  }
  void drop_ids(Record player);
  void put_variable(HashInput& input, ScopeIndex scope, const std::byte* record, std::uint16_t variable) const;
  void put_player(HashInput& input, const std::byte* record) const;

  bool has_reset(const RecordLayout::Place& place, const std::byte* record, PeriodClock& clock) const {
    return place.resets != Every::never &&
           clock.starts(place.resets) > load<PackedPeriod>(record, place.period_offset).unpack();
  }

  const Ruleset& ruleset_;
  SymbolTable& symbols_;
  const Symbol empty_text_;
  Journal journal_;
  RememberedIds::Limits id_limits_;
  std::vector<RecordLayout> layouts_;  // By scope.
  std::vector<RecordTable> tables_;
  std::vector<RecordPages> annexes_;  // Of players, from the one with number 1 on.
  Pool<SetState> sets_;
  Pool<WindowState> windows_;
  std::size_t ids_bytes_ = 0;  // Of all players' remembered ids.
};

}  // namespace tallyho
