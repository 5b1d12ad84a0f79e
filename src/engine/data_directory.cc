#include "engine/data_directory.h"

#include <algorithm>
#include <limits>
#include <utility>

#include "engine/snapshot.h"
#include "fmt/format.h"
#include "log/backup.h"
#include "log/durable_log_view.h"
#include "log/durable_reader.h"
#include "log/memory_log.h"
#include "log/snapshot_files.h"
#include "ruleset/loader.h"

namespace tallyho {
namespace {

// Loads a snapshot as the next start would, from the disk.
std::expected<void, std::string> load(LogDirectory& directory, const std::string& name, const std::string& identity) {
  auto file = directory.open(name);
  if (!file) return std::unexpected(file.error().text());
  (*file)->drop_cache();
  auto saved = SavedEngine::open(source_of(std::move(*file)));
  if (!saved) return std::unexpected(saved.error());
  if (saved->head().identity != identity) return std::unexpected("it belongs to another log");
  const auto ruleset = load_ruleset(saved->ruleset_source(), "the log's ruleset");
  if (!ruleset) return std::unexpected("its ruleset is none for this program: " + ruleset.error().front().message);
  Engine engine(*ruleset, std::make_unique<MemoryLog>(identity), {});
  return saved->restore(engine);
}

// Where the log is durable, from the newest snapshot on.
std::expected<OpenedGame, std::string> compute(LogDirectory& directory, const SnapshotWork& work) {
  auto log = DurableLogView::open(directory);
  if (!log) return std::unexpected(log.error());
  if ((*log)->last() == 0) return std::unexpected("nothing that is in the log is known to be durable yet");
  auto snapshots = open_snapshots(directory);
  if (!snapshots) return std::unexpected(snapshots.error());
  const Position last = (*log)->last();
  OpenGame game{.log = std::move(*log), .snapshots = std::move(*snapshots), .tell = work.tell};
  if (work.progress) game.hooks.progress = [&work, last](Position position) { work.progress(position, last); };
  return open_game(std::move(game));
}

// Writes what the engine is, and looks whether it can be read. The engine is gone then: its memory is needed.
std::expected<void, std::string> write(LogDirectory& directory, std::unique_ptr<Engine> engine,
                                       const std::string& name) {
  const IoStatus written = write_snapshot(directory, engine->version(),
                                          [&engine](ByteSink sink) { return save_snapshot(*engine, std::move(sink)); });
  if (!written) return std::unexpected(written.error().text());
  const std::string identity = engine->log().identity();
  engine.reset();
  const auto verified = load(directory, name, identity);
  if (verified) return {};
  (void)directory.remove(name);
  return std::unexpected(
      fmt::format("{} was written and does not read back, so it is taken away: {}", name, verified.error()));
}

// Up to here the log is needed for no start: the older of two snapshots holds it. 0: there are no two.
IoResult<Position> held_by_both(LogDirectory& directory) {
  const auto names = list_snapshots(directory);
  if (!names) return std::unexpected(names.error());
  return names->size() < 2 ? 0 : snapshot_position_of(names->back()).value_or(0);
}

// Whether a start could begin with any of them, as far as their heads and rulesets say: should this program not take
// them, it begins with the log's first record, of which nothing may be missing then.
bool can_all_be_used(LogDirectory& directory) {
  const auto newest = survey_durable(directory, std::numeric_limits<Position>::max());
  auto snapshots = open_snapshots(directory);
  return newest && snapshots && std::ranges::all_of(*snapshots, [&](OpenGame::Snapshot& snapshot) {
           const auto saved = SavedEngine::open(std::move(snapshot.bytes));
           return saved && saved->head().identity == newest->identity &&
                  load_ruleset(saved->ruleset_source(), "the log's ruleset");
         });
}

}  // namespace

std::expected<std::vector<OpenGame::Snapshot>, std::string> open_snapshots(LogDirectory& directory) {
  const auto names = list_snapshots(directory);
  if (!names) return std::unexpected(names.error().text());
  std::vector<OpenGame::Snapshot> snapshots;
  for (const std::string& name : *names) {
    auto file = directory.open(name);
    if (!file) return std::unexpected(file.error().text());
    snapshots.push_back({.name = name, .bytes = source_of(std::move(*file))});
  }
  return snapshots;
}

std::expected<KeptGame, std::string> open_kept_game(std::unique_ptr<LogDirectory> directory,
                                                    SegmentLog::Options options, std::string identity) {
  const auto names = directory->list();
  if (!names) return std::unexpected(names.error().text());
  if (std::ranges::count(*names, unfinished_backup_name) > 0) {
    return std::unexpected("this is a backup that did not come to its end: take another one");
  }
  const auto durable = known_durable(*directory);
  if (!durable) return std::unexpected(durable.error().text());
  auto recovered = recover_log(*directory, *durable);
  if (!recovered) return std::unexpected(text_of(recovered.error()));
  auto snapshots = open_snapshots(*directory);
  if (!snapshots) return std::unexpected(snapshots.error());
  if (recovered->segments.empty() && !snapshots->empty()) {
    return std::unexpected(
        fmt::format("there is snapshot {}, but no log: put back its segments, or begin a new game "
                    "in another directory",
                    snapshots->front().name));
  }
  auto log = SegmentLog::open(std::move(directory), *recovered, std::move(options), std::move(identity));
  if (!log) return std::unexpected(log.error().text());
  return KeptGame{.log = std::move(*log),
                  .snapshots = std::move(*snapshots),
                  .torn_bytes = recovered->torn_bytes,
                  .torn_copy = recovered->torn_copy};
}

std::expected<VerifiedDirectory, std::string> verify_data_directory(LogDirectory& directory) {
  const auto durable = known_durable(directory);
  if (!durable) return std::unexpected(durable.error().text());
  const auto recovered = recover_log(directory, *durable);
  if (!recovered) return std::unexpected(text_of(recovered.error()));
  if (recovered->segments.empty()) return std::unexpected("there is no log");
  const Position first = recovered->segments.front().header.first;
  VerifiedDirectory verified{.position = recovered->last(), .records = recovered->last() + 1 - first, .snapshot = {}};
  const auto snapshots = list_snapshots(directory);
  if (!snapshots) return std::unexpected(snapshots.error().text());
  if (snapshots->empty()) return verified;
  verified.snapshot = snapshots->front();
  const auto loaded = load(directory, verified.snapshot, recovered->segments.front().header.identity);
  if (!loaded) return std::unexpected(fmt::format("snapshot {}: {}", verified.snapshot, loaded.error()));
  return verified;
}

std::expected<ForgettingDone, std::string> erase_forgotten_at_start(LogDirectory& directory, Timestamp now) {
  const auto floor = held_by_both(directory);
  if (!floor) return std::unexpected(floor.error().text());
  if (*floor > 0 && !can_all_be_used(directory)) return ForgettingDone{};
  return erase_forgotten(directory, {.through = *floor, .with_last_segment = true, .now = now});
}

std::expected<SnapshotMade, std::string> make_snapshot(LogDirectory& directory, const SnapshotWork& work) {
  auto game = compute(directory, work);
  if (!game) return std::unexpected(game.error());
  SnapshotMade made{.name = snapshot_name(game->engine->version()),
                    .position = game->engine->version(),
                    .players = game->engine->players()};
  made.is_new = game->snapshot.empty() || game->snapshot_position != made.position;
  if (made.is_new) {
    const auto written = write(directory, std::move(game->engine), made.name);
    if (!written) return std::unexpected(written.error());
    // The one that it was made from has just been loaded, so it is whole, too. Any other could not be used.
    const IoStatus kept = keep_snapshots(directory, std::vector{made.name, game->snapshot});
    if (!kept) return std::unexpected(kept.error().text());
  }
  const auto floor = held_by_both(directory);
  if (!floor) return std::unexpected(floor.error().text());
  if (made.is_new && (work.retention.bytes_max || work.retention.oldest)) {
    const auto let_go = retain(directory, *floor, work.retention);
    if (!let_go) return std::unexpected(text_of(let_go.error()));
    made.let_go = *let_go;
  }
  const auto forgotten =
      erase_forgotten(directory, {.through = *floor, .interval = work.erase_interval, .now = work.now});
  if (forgotten) made.forgotten = *forgotten;
  if (!forgotten && work.tell) {  // The snapshot is there all the same.
    work.tell("players who were forgotten are not erased from the log: " + forgotten.error());
  }
  return made;
}

}  // namespace tallyho
