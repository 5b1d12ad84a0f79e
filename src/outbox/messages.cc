#include "outbox/messages.h"

#include "base/json.h"
#include "fmt/format.h"

namespace tallyho {
namespace {

void append_end(JsonWriter& json, const LogRecord& record, Timestamp at) {
  json.key("position").number(static_cast<std::int64_t>(record.position));
  json.key("at").text(format_timestamp(at)).end();
}

void append_place(JsonWriter& json, const Engine& engine, const RankNews& one) {
  const Board& board = engine.board(one.board);
  json.key("board").text(board.options().id);
  if (one.section == nullptr) return;
  if (one.section->group != no_group) json.key("group").text(engine.symbols().text(one.section->group));
  if (const std::string window = board.period_name(one.section->period); !window.empty())
    json.key("window").text(window);
}

}  // namespace

std::string MessageWriter::next_id(const Engine& engine, Position position) {
  return fmt::format("{}-{}-{}", engine.log().identity(), position, number_++);
}

void MessageWriter::notices(const Engine& engine, const Replayed& replayed) {
  for (const Notice& notice : replayed.outcome.notices) {
    JsonWriter json(out_);
    json.object().key("id").text(next_id(engine, replayed.record.position)).key("kind").text("notice");
    json.key("player").text(replayed.envelope.player);
    json.key("rule").text(engine.ruleset().rules[notice.rule].id).key("text").text(notice.text);
    if (!replayed.envelope.id.empty()) json.key("event").text(replayed.envelope.id);
    append_end(json, replayed.record, engine.last_arrival());
    out_ += '\n';
  }
}

void MessageWriter::ranks(const Engine& engine, const LogRecord& record, const std::vector<RankNews>& news) {
  const SymbolTable& symbols = engine.symbols();
  for (const RankNews& one : news) {
    const bool ranks_players = engine.ruleset().boards[one.board].ranks_players;
    JsonWriter json(out_);
    json.object().key("id").text(next_id(engine, record.position)).key("kind").text(name_of(one.threshold->what));
    append_place(json, engine, one);
    json.key("top").number(std::int64_t{one.threshold->top});
    json.key(ranks_players ? "player" : "member").text(symbols.text(one.member));
    if (one.rank > 0) json.key("rank").number(static_cast<std::int64_t>(one.rank));
    if (one.was > 0) json.key("was").number(static_cast<std::int64_t>(one.was));
    if (one.by != no_symbol) json.key("by").text(symbols.text(one.by));
    append_end(json, record, engine.last_arrival());
    out_ += '\n';
  }
}

}  // namespace tallyho
