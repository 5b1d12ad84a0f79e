// tallyho backup: copies a data directory while its server goes on, and reads the copy back.

#include "log/backup.h"
#include "CLI/CLI.hpp"
#include "cli/progress.h"
#include "cli/verbs.h"
#include "engine/data_directory.h"
#include "fmt/format.h"

namespace tallyho::cli {
namespace {

struct BackupOptions {
  std::string data;
  std::string to;
};

int fail(const std::string& message) {
  fmt::print(stderr, "tallyho backup: {}\n", message);
  return 1;
}

int back_up(const BackupOptions& options) {
  const auto from = open_log_directory_for_snapshots(options.data);
  if (!from && from.error().operation == "flock") {
    return fail(options.data + ": a snapshot is being made, or another backup; try again when it is done");
  }
  if (!from) return fail(from.error().text());
  const auto to = open_log_directory(options.to);
  if (!to && to.error().operation == "flock") return fail(options.to + ": somebody has it open");
  if (!to) return fail(to.error().text());

  Progress progress("copying");
  const auto done = back_up_log(
      **from, **to, [&progress](std::uint64_t bytes, std::uint64_t of) { progress.update(bytes, of, "bytes"); });
  progress.clear();
  if (!done) return fail(text_of(done.error()));
  const auto verified = verify_data_directory(**to);
  if (!verified) return fail(fmt::format("{} was written and does not read back: {}", options.to, verified.error()));
  if (verified->position != done->position) {
    return fail(
        fmt::format("{} was written up to position {}, and holds {}", options.to, done->position, verified->position));
  }
  fmt::print("{}: position {}, {} segments, {} snapshots, {} bytes; read back, {} records and {}\n", options.to,
             done->position, done->segments, done->snapshots, with_commas(done->bytes), with_commas(verified->records),
             verified->snapshot.empty() ? "no snapshot" : verified->snapshot);
  return 0;
}

}  // namespace

void add_backup(CLI::App& app, int& status) {
  auto options = std::make_shared<BackupOptions>();
  CLI::App* verb = app.add_subcommand("backup", "Copy a data directory, beside its server or without one");
  verb->add_option("--data", options->data, "The directory that `serve --data` was given; nothing in it changes")
      ->required()
      ->type_name("DIR");
  verb->add_option("--to", options->to, "An empty directory, or none yet: `serve --data` can be given it")
      ->required()
      ->type_name("DIR");
  verb->callback([options, &status] { status = back_up(*options); });
}

}  // namespace tallyho::cli
