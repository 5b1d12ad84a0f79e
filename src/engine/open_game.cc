#include "engine/open_game.h"

#include <utility>

#include "engine/ruleset_record.h"
#include "fmt/format.h"
#include "ruleset/loader.h"

namespace tallyho {
namespace {

using Loaded = std::expected<std::shared_ptr<const Ruleset>, std::string>;

class Opening {
 public:
  explicit Opening(OpenGame game) : game_(std::move(game)) {}

  std::expected<OpenedGame, std::string> run() {
    if (game_.log->last() == 0) return begin();
    for (OpenGame::Snapshot& snapshot : game_.snapshots) {
      const auto loaded = load(snapshot);
      if (loaded) break;
      opened_ = {};
      tell(fmt::format("snapshot {} cannot be used: {}; going on without it", snapshot.name, loaded.error()));
    }
    if (opened_.engine == nullptr) {
      const auto ruleset = first_ruleset();
      if (!ruleset) return std::unexpected(ruleset.error());
      opened_.engine = std::make_unique<Engine>(*ruleset, std::move(game_.log), game_.options);
    }
    if (game_.begun) game_.begun(*opened_.engine);
    const auto replayed = open_history(*opened_.engine, game_.now, game_.hooks);
    if (!replayed) return std::unexpected(replayed.error());
    if (replayed->has_any()) {
      tell(
          fmt::format("{} are erased from the log, which is not what the snapshots held: shared state and teams lack "
                      "what they gave",
                      replayed->text()));
    }
    return check_ruleset();
  }

 private:
  void tell(std::string_view what) const {
    if (game_.tell) game_.tell(what);
  }

  std::expected<OpenedGame, std::string> begin() {
    if (!game_.snapshots.empty()) {
      return std::unexpected(
          fmt::format("there is snapshot {}, but no log: put back its segments, or begin a new game "
                      "in another directory",
                      game_.snapshots.front().name));
    }
    if (game_.ruleset == nullptr) return std::unexpected("a new game needs a ruleset");
    opened_.engine = std::make_unique<Engine>(game_.ruleset, std::move(game_.log), game_.options);
    if (game_.begun) game_.begun(*opened_.engine);
    const auto begun = open_history(*opened_.engine, game_.now, game_.hooks);
    if (!begun) return std::unexpected(begun.error());
    return std::move(opened_);
  }

  // Under which ruleset, given its source.
  Loaded ruleset_of(std::string_view source) const {
    if (game_.ruleset != nullptr && game_.ruleset->source == source) return game_.ruleset;
    auto ruleset = load_ruleset(source, "the log's ruleset");
    if (ruleset) return std::move(*ruleset);
    return std::unexpected("its ruleset is none for this program: " + ruleset.error().front().message);
  }

  std::expected<void, std::string> load(OpenGame::Snapshot& snapshot) {
    auto saved = SavedEngine::open(std::move(snapshot.bytes));
    if (!saved) return std::unexpected(saved.error());
    if (saved->head().identity != game_.log->identity()) return std::unexpected("it belongs to another log");
    if (saved->head().position > game_.log->last()) return std::unexpected("the log ends before it");
    const Loaded ruleset = ruleset_of(saved->ruleset_source());
    if (!ruleset) return std::unexpected(ruleset.error());
    auto engine = std::make_unique<Engine>(*ruleset, std::move(game_.log), game_.options);
    const auto restored = saved->restore(*engine);
    if (!restored) {
      game_.log = engine->take_log();
      return std::unexpected(restored.error());
    }
    opened_ = {.engine = std::move(engine), .snapshot = snapshot.name, .snapshot_position = saved->head().position};
    return {};
  }

  // The log's first record.
  Loaded first_ruleset() const {
    std::string source;
    const auto read = game_.log->read(1, [&source](const LogRecord& record) {
      if (record.kind == RecordKind::ruleset) source = parse_ruleset_record(record.bytes).source;
      return false;
    });
    if (!read) return std::unexpected(read.error());
    if (source.empty()) return std::unexpected("the log does not begin with a ruleset");
    return ruleset_of(source);
  }

  std::expected<OpenedGame, std::string> check_ruleset() {
    const Ruleset& in_force = opened_.engine->ruleset();
    if (game_.ruleset == nullptr || game_.ruleset->source == in_force.source) return std::move(opened_);
    return std::unexpected(
        fmt::format("the log goes on under another ruleset ({}, {}) than the one given ({}, {}): leave the ruleset out "
                    "to go on with "
                    "the log's, and then change it with PUT /v1/ruleset; or take another data directory for a new game",
                    in_force.name, in_force.hash, game_.ruleset->name, game_.ruleset->hash));
  }

  OpenGame game_;
  OpenedGame opened_;
};

}  // namespace

std::expected<OpenedGame, std::string> open_game(OpenGame game) {
  return Opening(std::move(game)).run();
}

}  // namespace tallyho
