// What an Engine can be asked between events.

#include "base/json.h"
#include "engine/engine_impl.h"

namespace tallyho {
namespace {

void append_value(JsonWriter& json, const cel::Value& value) {
  switch (value.kind()) {
    case cel::Kind::boolean: json.boolean(value.as_boolean()); break;
    case cel::Kind::int64: json.number(value.as_int64()); break;
    case cel::Kind::float64: json.number(value.as_float64()); break;
    case cel::Kind::string: json.text(value.as_string()); break;
    case cel::Kind::timestamp: json.text(format_timestamp(value.as_timestamp())); break;
    case cel::Kind::duration: json.text(format_duration(value.as_duration())); break;
    default: json.null(); break;
  }
}

// A scalar, or the size of a set or window.
cel::Value read_variable(const State& state, const Ruleset& ruleset, Record player, std::uint16_t variable,
                         PeriodClock& clock) {
  switch (ruleset.scopes[player_scope].variables[variable].type) {
    case StateType::set: return cel::Value::int64(state.find_set(player_scope, player, variable).size());
    case StateType::window: {
      const WindowState* window = state.find_window(player_scope, player, variable);
      return cel::Value::int64(window == nullptr ? 0 : window->size());
    }
    default: return state.read(player_scope, player, variable, clock);
  }
}

}  // namespace

std::optional<Engine::PlayerSummary> Engine::find_player(std::string_view player) const {
  const auto symbol = impl_->symbols.find(player);
  if (!symbol) return std::nullopt;
  const Record record = impl_->state.find(player_scope, *symbol);
  if (record == nullptr) return std::nullopt;
  return PlayerSummary{.symbol = *symbol, .total = impl_->state.total(record)};
}

std::string Engine::player_state_json(Symbol player) const {
  const Record record = impl_->state.find(player_scope, player);
  PeriodClock clock(impl_->ruleset->time_zone);
  clock.set(last_arrival());
  std::string out;
  JsonWriter json(out);
  json.object();
  const std::vector<StateVariable>& variables = impl_->ruleset->scopes[player_scope].variables;
  for (std::size_t i = 0; i < variables.size(); ++i) {
    json.key(variables[i].name);
    append_value(json, read_variable(impl_->state, *impl_->ruleset, record, static_cast<std::uint16_t>(i), clock));
  }
  json.end();
  return out;
}

std::optional<cel::Value> Engine::player_variable(std::string_view player, std::string_view variable,
                                                  Arena& arena) const {
  const auto symbol = impl_->symbols.find(player);
  const Record record = symbol ? impl_->state.find(player_scope, *symbol) : nullptr;
  if (variable == "total") return cel::Value::int64(impl_->state.total(record));
  PeriodClock clock(impl_->ruleset->time_zone);
  clock.set(last_arrival());
  const std::vector<StateVariable>& variables = impl_->ruleset->scopes[player_scope].variables;
  for (std::size_t i = 0; i < variables.size(); ++i) {
    if (variables[i].name != variable) continue;
    return cel::copy_into(read_variable(impl_->state, *impl_->ruleset, record, static_cast<std::uint16_t>(i), clock),
                          arena);
  }
  return std::nullopt;
}

const Board& Engine::board(BoardIndex index) const {
  return *impl_->boards[index];
}
const SymbolTable& Engine::symbols() const {
  return impl_->symbols;
}
const Ruleset& Engine::ruleset() const {
  return *impl_->ruleset;
}
std::shared_ptr<const Ruleset> Engine::shared_ruleset() const {
  return impl_->ruleset;
}
const Log& Engine::log() const {
  return *impl_->log;
}
Feed& Engine::feed() {
  return impl_->feed;
}
Position Engine::version() const {
  return impl_->version;
}
std::size_t Engine::players() const {
  return impl_->state.keys(player_scope);
}

Timestamp Engine::last_arrival() const {
  return impl_->arrival == Timestamp::min() ? Timestamp{} : impl_->arrival;
}

// Boards speak of members by their symbols, so the names behind all symbols belong to it, in the order in which the log
// brought them up. The position and the arrival time do not: they move with refused events, which change nothing.
std::string Engine::state_hash() const {
  HashInput input;
  for (Symbol symbol = 0; symbol < impl_->symbols.size(); ++symbol) input.text(impl_->symbols.text(symbol));
  for (const auto& board : impl_->boards) {
    input.text(board->options().id);
    board->hash([&input](std::span<const std::uint64_t> words) {
      for (const std::uint64_t word : words) input.number(word);
    });
  }
  impl_->hash_operations(input);
  Hash128 hash = input.hash();
  hash += impl_->state.hash();
  return hash.to_hex();
}

Engine::Memory Engine::memory() const {
  const State::Memory state = impl_->state.memory();
  Memory memory{.players = state.players,
                .scopes = state.scopes,
                .sets = state.sets,
                .boards = 0,
                .strings = impl_->symbols.memory_bytes(),
                .dedupe = state.dedupe};
  for (const auto& board : impl_->boards) memory.boards += board->memory_bytes();
  return memory;
}

const std::vector<Engine::RuleCounts>& Engine::rule_counts() const {
  return impl_->rule_counts;
}

std::uint64_t Engine::hand_overs() const {
  return impl_->applier.hand_overs();
}

}  // namespace tallyho
