// tallyho snapshot: brings the last snapshot of a data directory up to where its log is durable, beside the server that
// writes that, or without one.

#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>

#include "CLI/CLI.hpp"
#include "cli/durable_log.h"
#include "cli/durations.h"
#include "cli/progress.h"
#include "cli/snapshots.h"
#include "cli/verbs.h"
#include "engine/open_game.h"
#include "fmt/format.h"
#include "log/memory_log.h"
#include "log/retention.h"
#include "log/snapshot_files.h"

namespace tallyho::cli {
namespace {

struct SnapshotOptions {
  std::string data;
  int server = 0;  // The process that it works for; 0: a person.
  std::optional<std::uint64_t> retain_bytes;
  std::optional<Duration> retain_age;
};

int fail(const std::string& message) {
  fmt::print(stderr, "tallyho snapshot: {}\n", message);
  return 1;
}

// Behind the server that started it, and no longer than that: one that is killed leaves nobody in its directory. Not at
// the very lowest priority, at which a machine that is never idle would let it starve. False: it is gone already.
bool serve_beside(int server) {
  constexpr int below_normal = 10;
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);
  ::setpriority(PRIO_PROCESS, 0, below_normal);
  return ::getppid() == server;
}

// Loads a snapshot as the next start would, from the disk.
std::expected<void, std::string> verify(LogDirectory& directory, const std::string& name, const std::string& identity,
                                        const std::shared_ptr<const Ruleset>& ruleset) {
  auto file = directory.open(name);
  if (!file) return std::unexpected(file.error().text());
  (*file)->drop_cache();
  auto saved = SavedEngine::open(source_of(std::move(*file)));
  if (!saved) return std::unexpected(saved.error());
  Engine engine(ruleset, std::make_unique<MemoryLog>(identity), {});
  return saved->restore(engine);
}

// False: it failed, and said so.
bool retain_segments(LogDirectory& directory, Position floor, const SnapshotOptions& options) {
  Retention retention{.bytes_max = options.retain_bytes, .oldest = {}};
  if (options.retain_age) retention.oldest = subtract(Timestamp::system_now(), *options.retain_age);
  if (!retention.bytes_max && !retention.oldest) return true;
  const auto done = retain(directory, floor, retention);
  if (!done) {
    fail(text_of(done.error()));
    return false;
  }
  if (done->segments > 0) fmt::print("{} segments of {} bytes were let go\n", done->segments, with_commas(done->bytes));
  return true;
}

int snapshot(const SnapshotOptions& options) {
  if (options.server != 0 && !serve_beside(options.server)) return fail("the server is gone");
  auto directory = open_log_directory_for_snapshots(options.data);
  if (!directory && directory.error().operation == "flock") return fail(options.data + ": another one is being made");
  if (!directory) return fail(directory.error().text());
  auto log = DurableLogView::open(**directory);
  if (!log) return fail(options.data + ": " + log.error());
  auto snapshots = open_snapshots(**directory);
  if (!snapshots) return fail(snapshots.error());

  Progress progress("replaying");
  const Position last = (*log)->last();
  auto game = open_game({.log = std::move(*log),
                         .snapshots = std::move(*snapshots),
                         .hooks = {.progress = [&](Position position) { progress.update(position, last, "records"); }},
                         .tell = [](std::string_view what) { fmt::print(stderr, "tallyho snapshot: {}\n", what); }});
  progress.clear();
  if (!game) return fail(game.error());
  const Position position = game->engine->version();
  if (!game->snapshot.empty() && game->snapshot_position == position) {
    fmt::print("{}: nothing has come since\n", game->snapshot);
    return 0;
  }
  const IoStatus written = write_snapshot(**directory, position,
                                          [&](ByteSink sink) { return save_snapshot(*game->engine, std::move(sink)); });
  if (!written) return fail(written.error().text());
  const std::string name = snapshot_name(position);
  const std::size_t players = game->engine->players();
  const std::string identity = game->engine->log().identity();
  const auto ruleset = game->engine->shared_ruleset();
  game->engine.reset();  // Its memory is needed for the one that is loaded.
  if (const auto verified = verify(**directory, name, identity, ruleset); !verified) {
    (void)(*directory)->remove(name);
    return fail(fmt::format("{} was written and does not read back, so it is taken away: {}", name, verified.error()));
  }
  // The one that it was made from has just been loaded, so it is whole, too. Any other could not be used.
  const IoStatus kept = keep_snapshots(**directory, std::vector{name, game->snapshot});
  if (!kept) return fail(kept.error().text());
  if (!game->snapshot.empty() && !retain_segments(**directory, game->snapshot_position, options)) return 1;
  fmt::print("{}: position {}, {} players\n", name, position, with_commas(players));
  return 0;
}

}  // namespace

void add_snapshot(CLI::App& app, int& status) {
  auto options = std::make_shared<SnapshotOptions>();
  CLI::App* verb = app.add_subcommand("snapshot", "Make a snapshot, beside the server or without one");
  verb->add_option("--data", options->data, "The directory with the log")->required()->type_name("DIR");
  verb->add_option("--retain-bytes", options->retain_bytes,
                   "Let go of the oldest segments beyond so many bytes, as far as two snapshots hold them")
      ->type_name("N");
  verb->add_option_function<std::string>(
          "--retain-age", [options](const std::string& text) { options->retain_age = parse_duration(text); },
          "Let go of segments whose records are all older, as far as two snapshots hold them")
      ->check(duration_validator())
      ->type_name("DURATION");
  verb->add_option("--beside", options->server, "The server that started this: let it go first, and end when it does")
      ->type_name("PID");
  verb->callback([options, &status] { status = snapshot(*options); });
}

}  // namespace tallyho::cli
