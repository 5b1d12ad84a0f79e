// Prefetching for a batch of events: each step asks for what the next one reads, for all of them.
#include "engine/engine_impl.h"

namespace tallyho {

void Engine::prepare(std::span<const Event* const> events, bool is_ingest) {
  Impl& engine = *impl_;
  const auto& boards = engine.boards;
  std::vector<Impl::Prepared>& prepared = engine.prepared;
  std::vector<SymbolTable::Wanted>& wanted = engine.wanted;
  wanted.clear();
  for (const Event* event : events) wanted.push_back(SymbolTable::wanted(event->envelope.player));
  for (const Event* event : events) {
    for (const cel::Value& field : event->fields) {
      if (field.kind() == cel::Kind::string) wanted.push_back(SymbolTable::wanted(field.as_string()));
    }
  }
  for (const SymbolTable::Wanted& text : wanted) engine.symbols.prefetch(text);
  for (const SymbolTable::Wanted& text : wanted) engine.symbols.prefetch_text(text);
  prepared.clear();
  for (std::size_t i = 0; i < events.size(); ++i) {
    const auto symbol = engine.symbols.find(wanted[i]);
    if (!symbol) continue;
    prepared.push_back({.player = *symbol});
    for (const auto& board : boards) board->prepare_far(*symbol);
  }
  for (Impl::Prepared& next : prepared) {
    next.record = engine.state.find(player_scope, next.player);
    engine.state.prefetch(player_scope, next.record);
    for (const auto& board : boards) board->prepare(next.player);
  }
  for (const Impl::Prepared& next : prepared) engine.state.prefetch_parts(next.record, is_ingest);
  for (const Impl::Prepared& next : prepared) engine.state.prefetch_contents(next.record, is_ingest);
}

}  // namespace tallyho
