// tallyho snapshot: brings the last snapshot of a data directory up to where its log is durable, beside the server that
// writes that, or without one.

#include <sys/prctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <csignal>

#include "CLI/CLI.hpp"
#include "cli/durations.h"
#include "cli/progress.h"
#include "cli/verbs.h"
#include "engine/data_directory.h"
#include "fmt/format.h"

namespace tallyho::cli {
namespace {

struct SnapshotOptions {
  std::string data;
  int server = 0;  // The process that it works for; 0: a person.
  std::optional<std::uint64_t> retain_bytes;
  std::optional<Duration> retain_age;
  Duration erase_interval = Duration(0);
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

int snapshot(const SnapshotOptions& options) {
  if (options.server != 0 && !serve_beside(options.server)) return fail("the server is gone");
  auto directory = open_log_directory_for_snapshots(options.data);
  if (!directory && directory.error().operation == "flock") return fail(options.data + ": another one is being made");
  if (!directory) return fail(directory.error().text());

  Retention retention{.bytes_max = options.retain_bytes, .oldest = {}};
  if (options.retain_age) retention.oldest = subtract(Timestamp::system_now(), *options.retain_age);
  Progress progress("replaying");
  const auto made = make_snapshot(
      **directory,
      {.retention = retention,
       .erase_interval = options.erase_interval,
       .now = Timestamp::system_now(),
       .progress = [&progress](Position position, Position last) { progress.update(position, last, "records"); },
       .tell = [](std::string_view what) { fmt::print(stderr, "tallyho snapshot: {}\n", what); }});
  progress.clear();
  if (!made) return fail(options.data + ": " + made.error());
  if (made->let_go.segments > 0) {
    fmt::print("{} segments of {} bytes were let go\n", made->let_go.segments, with_commas(made->let_go.bytes));
  }
  if (made->forgotten.records > 0) {
    fmt::print("{} records of {} players who were forgotten were erased from {} segments\n",
               with_commas(made->forgotten.records), with_commas(made->forgotten.players), made->forgotten.segments);
  }
  if (made->is_new) {
    fmt::print("{}: position {}, {} players\n", made->name, made->position, with_commas(made->players));
  } else {
    fmt::print("{}: nothing has come since\n", made->name);
  }
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
  verb->add_option_function<std::string>(
          "--erase-interval",
          [options](const std::string& text) { options->erase_interval = parse_duration(text).value_or(Duration(0)); },
          "Erase from the log what players sent who are forgotten only so long after the last time; 0s: always")
      ->check(duration_validator())
      ->type_name("DURATION");
  verb->add_option("--beside", options->server, "The server that started this: let it go first, and end when it does")
      ->type_name("PID");
  verb->callback([options, &status] { status = snapshot(*options); });
}

}  // namespace tallyho::cli
