#include "engine/erasure.h"

#include <algorithm>
#include <limits>
#include <map>
#include <optional>
#include <span>
#include <string_view>
#include <utility>

#include "base/arena.h"
#include "engine/operation.h"
#include "event/event.h"
#include "event/json_reader.h"
#include "log/durable_reader.h"
#include "log/log_reader.h"

namespace tallyho {
namespace {

// Whose record it is. An event is looked at without a ruleset: its own may be one of many.
class Owner {
 public:
  // "": nobody's. Valid until the next call.
  std::string_view of(const LogRecord& record) {
    arena_.reset();
    switch (record.kind) {
      case RecordKind::event:
      case RecordKind::event_of_player: return of_event(record.bytes);
      case RecordKind::operation: {
        const auto operation = parse_operation(record.bytes, arena_);
        return operation ? operation->player : std::string_view();
      }
      case RecordKind::ruleset: break;
    }
    return {};
  }

  // Whom the record forgets; "": nobody.
  std::string_view forgotten_by(const LogRecord& record) {
    if (record.kind != RecordKind::operation || record.is_quarantined || record.is_erased()) return {};
    arena_.reset();
    const auto operation = parse_operation(record.bytes, arena_);
    const bool forgets = operation && operation->kind == Operation::Kind::forget;
    return forgets ? operation->player : std::string_view();
  }

 private:
  std::string_view of_event(std::string_view json) {
    if (reader_.read(json, arena_)) return {};
    const std::span<const JsonToken> tokens = reader_.tokens();
    for (std::size_t at = 1; at + 1 < tokens.size(); at = tokens[at + 1].next) {
      const JsonToken& value = tokens[at + 1];
      if (tokens[at].text == "player" && value.kind == JsonToken::Kind::string) return value.text;
    }
    return {};
  }

  JsonReader reader_{event_depth_max};
  Arena arena_;
};

class Eraser {
 public:
  Eraser(LogDirectory& directory, const Forgetting& forgetting) : directory_(directory), forgetting_(forgetting) {}

  std::expected<ForgettingDone, std::string> run() {
    if (const IoStatus removed = remove_half_erased(directory_); !removed) {
      return std::unexpected(removed.error().text());
    }
    if (forgetting_.through == 0) return ForgettingDone{};
    if (const auto looked = look(); !looked) return std::unexpected(looked.error());
    if (through_ <= erased_.looked_through) return ForgettingDone{};
    const auto since = subtract(forgetting_.now, erased_.at);
    const bool is_early = since && *since >= Duration(0) && *since < forgetting_.interval;  // A clock may be put back.
    if (!forgotten_.empty() && is_early) return ForgettingDone{};
    Position reached = through_;
    if (!forgotten_.empty()) {
      const auto erased = erase();
      if (!erased) return std::unexpected(text_of(erased.error()));
      reached = std::min(reached, erased->through);
      erased_.at = forgetting_.now;
      done_ = {.players = forgotten_.size(), .records = erased->records, .segments = erased->segments};
    }
    erased_.looked_through = std::max(erased_.looked_through, reached);
    if (const IoStatus saved = erased_.save(directory_, identity_); !saved)
      return std::unexpected(saved.error().text());
    return done_;
  }

 private:
  // How far it goes, and who is forgotten there, where nobody has looked before.
  std::expected<void, std::string> look() {
    auto log = survey_durable(directory_, std::numeric_limits<Position>::max());
    if (!log) return std::unexpected(text_of(log.error()));
    identity_ = log->identity;
    const auto erased = Erased::load(directory_, identity_);
    if (!erased) return std::unexpected(erased.error().text());
    erased_ = *erased;
    if (forgetting_.through <= erased_.looked_through) return {};
    log = survey_durable(directory_, erased_.looked_through + 1);
    if (!log) return std::unexpected(text_of(log.error()));
    auto& segments = log->segments;
    if (!forgetting_.with_last_segment && !segments.empty()) segments.pop_back();
    through_ = std::min(forgetting_.through, log->last());
    const auto read = read_log(directory_, segments, erased_.looked_through + 1, [this](const LogRecord& record) {
      if (record.position > through_) return false;
      const std::string_view player = owner_.forgotten_by(record);
      if (!player.empty()) forgotten_[std::string(player)] = record.position;
      return true;
    });
    if (!read) return std::unexpected(text_of(read.error()));
    return {};
  }

  std::expected<ErasingDone, RecoveryError> erase() {
    const ErasingOptions options{
        .through = through_, .with_last_segment = forgetting_.with_last_segment, .progress = forgetting_.progress};
    return erase_records(directory_, options, [this](const LogRecord& record) {
      const auto found = forgotten_.find(owner_.of(record));
      return found != forgotten_.end() && record.position < found->second && owner_.forgotten_by(record).empty();
    });
  }

  LogDirectory& directory_;
  const Forgetting& forgetting_;
  Owner owner_;
  std::string identity_;
  Erased erased_;
  Position through_ = 0;
  std::map<std::string, Position, std::less<>> forgotten_;  // And by which record, the last one.
  ForgettingDone done_;
};

}  // namespace

std::expected<ForgettingDone, std::string> erase_forgotten(LogDirectory& directory, const Forgetting& forgetting) {
  return Eraser(directory, forgetting).run();
}

}  // namespace tallyho
