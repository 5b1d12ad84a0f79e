// tallyho log verify, dump, salvage: what a data directory holds, and the way back from damage.

#include <algorithm>
#include <cstdio>
#include <limits>
#include <string>

#include "CLI/CLI.hpp"
#include "base/json.h"
#include "cli/progress.h"
#include "cli/verbs.h"
#include "engine/ruleset_record.h"
#include "fmt/format.h"
#include "log/quarantine.h"
#include "log/replay_watch.h"
#include "log/salvage.h"
#include "log/snapshot_files.h"
#include "log/survey.h"
#include "server/ledger.h"

namespace tallyho::cli {
namespace {

struct LogOptions {
  std::string data;
  Position from = 0;
  Position to = std::numeric_limits<Position>::max();
  bool as_json = false;
  bool accepts_loss = false;
  Position position = 0;
  std::string reason;
};

int fail(std::string_view what, const std::string& message) {
  fmt::print(stderr, "tallyho log {}: {}\n", what, message);
  return 1;
}

void append_fault(JsonWriter& json, const LogDamage& fault) {
  json.object();
  json.key("segment").text(fault.segment);
  json.key("offset").number(static_cast<std::int64_t>(fault.offset));
  json.key("position").number(static_cast<std::int64_t>(fault.position));
  json.key("reason").text(fault.reason);
  json.end();
}

std::string fault_text(const LogDamage& fault) {
  return fmt::format("{}, offset {}, from position {} on: {}", fault.segment, fault.offset, fault.position,
                     fault.reason);
}

void print_survey_json(const LogSurvey& survey) {
  std::string out;
  JsonWriter json(out);
  json.object();
  json.key("ok").boolean(survey.faults.empty());
  json.key("log").text(survey.identity);
  json.key("segments").number(static_cast<std::int64_t>(survey.segments.size()));
  json.key("records").number(static_cast<std::int64_t>(survey.records));
  json.key("erased").number(static_cast<std::int64_t>(survey.erased));
  json.key("first").number(static_cast<std::int64_t>(survey.first));
  json.key("last").number(static_cast<std::int64_t>(survey.last));
  json.key("tail_bytes").number(static_cast<std::int64_t>(survey.tail_bytes));
  json.key("faults").array();
  for (const LogDamage& fault : survey.faults) append_fault(json, fault);
  json.end().end();
  fmt::print("{}\n", out);
}

void print_survey(const LogSurvey& survey) {
  for (const LogDamage& fault : survey.faults) fmt::print("{}\n", fault_text(fault));
  fmt::print("log {}: {} records can be read", survey.identity, with_commas(survey.records));
  if (survey.records > 0) fmt::print(", positions {} to {}", survey.first, survey.last);
  if (survey.erased > 0) fmt::print(", {} of them erased", with_commas(survey.erased));
  fmt::print(", {} fault{}\n", survey.faults.size(), survey.faults.size() == 1 ? "" : "s");
  if (survey.tail_bytes > 0) {
    fmt::print("behind them {} bytes of a write that is under way, or that a crash cut short\n", survey.tail_bytes);
  }
}

// Whether there is anything to say something of.
bool is_log(const LogSurvey& survey) {
  return !survey.segments.empty() || !survey.faults.empty();
}

int verify(const LogOptions& options) {
  const auto directory = open_log_directory_for_reading(options.data);
  if (!directory) return fail("verify", directory.error().text());
  Progress progress("verifying");
  SurveyOptions how;
  how.progress = [&](std::uint64_t done, std::uint64_t of) { progress.update(done, of, "segments"); };
  const auto survey = survey_log(**directory, how);
  progress.clear();
  if (!survey) return fail("verify", survey.error().text());
  if (!is_log(*survey)) return fail("verify", options.data + ": there is no log");
  if (options.as_json) {
    print_survey_json(*survey);
  } else {
    print_survey(*survey);
  }
  return survey->faults.empty() ? 0 : 1;
}

std::string_view name_of(RecordKind kind) {
  switch (kind) {
    case RecordKind::event: return "event";
    case RecordKind::event_of_player: return "event_of_player";
    case RecordKind::operation: return "operation";
    case RecordKind::ruleset: return "ruleset";
  }
  return "unknown";
}

// JSON on one line: outside of its strings a line break is a blank, and inside there is none.
std::string on_one_line(std::string_view json) {
  std::string line(json);
  std::ranges::replace(line, '\n', ' ');
  std::ranges::replace(line, '\r', ' ');
  return line;
}

void append_content(JsonWriter& json, const LogRecord& record) {
  switch (record.kind) {
    case RecordKind::event:
    case RecordKind::event_of_player: json.key("event").raw(on_one_line(record.bytes)); break;
    case RecordKind::operation: json.key("operation").raw(on_one_line(record.bytes)); break;
    case RecordKind::ruleset: {
      const RulesetRecord ruleset = parse_ruleset_record(record.bytes);
      if (!ruleset.by.empty()) json.key("by").text(ruleset.by);
      json.key("text").text(ruleset.source);
      break;
    }
    default: json.key("text").text(record.bytes); break;
  }
}

void append_record(std::string& out, const LogRecord& record) {
  JsonWriter json(out);
  json.object();
  json.key("position").number(static_cast<std::int64_t>(record.position));
  json.key("kind").text(name_of(record.kind));
  json.key("at").text(format_timestamp(record.arrival));
  if (record.is_quarantined) json.key("quarantined").boolean(true);
  if (record.is_erased()) json.key("erased").boolean(true);
  if (!record.is_erased()) append_content(json, record);
  json.end();
  out += '\n';
}

int dump(const LogOptions& options) {
  constexpr std::size_t output_bytes = 256 * 1024;
  const auto directory = open_log_directory_for_reading(options.data);
  if (!directory) return fail("dump", directory.error().text());
  std::string out;
  bool is_written = true;
  const auto write_out = [&] {
    is_written = is_written && std::fwrite(out.data(), 1, out.size(), stdout) == out.size();
    out.clear();
  };
  SurveyOptions how;
  how.take = [&](const LogRecord& record) {
    if (record.position > options.to) return false;
    if (record.position >= options.from) append_record(out, record);
    if (out.size() >= output_bytes) write_out();
    return is_written;
  };
  const auto survey = survey_log(**directory, how);
  write_out();
  if (!is_written || std::fflush(stdout) != 0) return fail("dump", "the records can't be written");
  if (!survey) return fail("dump", survey.error().text());
  if (!is_log(*survey)) return fail("dump", options.data + ": there is no log");
  for (const LogDamage& fault : survey->faults) fail("dump", fault_text(fault));
  return survey->faults.empty() ? 0 : 1;
}

void print_salvage(const Salvage& salvage) {
  fmt::print("{}\nthe log now ends with position {}\n", fault_text(salvage.fault), salvage.kept_through);
  if (salvage.lost() == 0) {
    fmt::print("lost: whatever was behind it; nothing in the directory says of any position\n");
  } else {
    fmt::print("lost: positions {} to {}, {} records\n", salvage.kept_through + 1, salvage.lost_through,
               with_commas(salvage.lost()));
  }
  for (const std::string& name : salvage.kept_aside) fmt::print("kept aside: {}\n", name);
}

void print_salvage_json(const std::optional<Salvage>& salvage) {
  std::string out;
  JsonWriter json(out);
  json.object();
  json.key("salvaged").boolean(salvage.has_value());
  if (salvage) {
    json.key("fault");
    append_fault(json, salvage->fault);
    json.key("kept_through").number(static_cast<std::int64_t>(salvage->kept_through));
    json.key("lost").object();
    if (salvage->lost() > 0) {
      json.key("from").number(static_cast<std::int64_t>(salvage->kept_through + 1));
      json.key("to").number(static_cast<std::int64_t>(salvage->lost_through));
    }
    json.end().key("kept_aside").array();
    for (const std::string& name : salvage->kept_aside) json.text(name);
    json.end();
  }
  json.end();
  fmt::print("{}\n", out);
}

// The directory, which has to be there, and be neither a server's nor that of somebody who makes a snapshot or a
// backup.
struct ToChange {
  std::unique_ptr<LogDirectory> snapshots;  // Its lock.
  std::unique_ptr<LogDirectory> log;
  LogDirectory& operator*() const { return *log; }
  LogDirectory* operator->() const { return log.get(); }
};
IoResult<ToChange> open_to_change(const LogOptions& options) {
  auto snapshots = open_log_directory_for_snapshots(options.data);
  if (!snapshots) return std::unexpected(snapshots.error());
  auto log = open_log_directory(options.data);
  if (!log) return std::unexpected(log.error());
  return ToChange{.snapshots = std::move(*snapshots), .log = std::move(*log)};
}

std::string refusal_text(const LogOptions& options, const IoError& error) {
  if (error.operation != "flock") return error.text();
  const bool is_servers = !error.file.ends_with("snapshots.lock");
  return options.data + (is_servers ? ": a server has it open" : ": a snapshot or a backup is being made");
}

int salvage(const LogOptions& options) {
  if (!options.accepts_loss) {
    return fail("salvage",
                "this gives up what was acked behind the damage, and its positions will be given out again. Back up "
                "the directory, look at `tallyho log verify`, and then say --accept-loss");
  }
  const auto directory = open_to_change(options);
  if (!directory) return fail("salvage", refusal_text(options, directory.error()));
  auto done = salvage_log(**directory);
  if (!done) return fail("salvage", text_of(done.error()));
  const auto survey = survey_log(**directory);
  if (!survey) return fail("salvage", survey.error().text());
  // Also where there is no fault any more: the last time may have been cut short.
  const auto outdated = set_aside_snapshots(**directory, survey->last + 1);
  if (!outdated) return fail("salvage", outdated.error().text());
  if (*done) (*done)->kept_aside.insert((*done)->kept_aside.end(), outdated->begin(), outdated->end());
  if (options.as_json) {
    print_salvage_json(*done);
  } else if (*done) {
    print_salvage(**done);
  } else {
    fmt::print("there is no fault, so nothing was changed\n");
  }
  return 0;
}

// Snapshots that hold what a record did, so that a replay comes by it again. False: `problem` says why that cannot be.
bool discard_snapshots_behind(LogDirectory& directory, Position position, const LogSurvey& survey,
                              std::string& problem) {
  const auto names = list_snapshots(directory);
  const bool has_older = names && std::ranges::any_of(*names, [&](const std::string& name) {
                           return snapshot_position_of(name).value_or(position) < position;
                         });
  if ((survey.first > 1 || survey.erased > 0) && !has_older) {
    problem = survey.first > 1 ? fmt::format("the log begins with position {}", survey.first)
                               : fmt::format("{} records were erased", survey.erased);
    problem += fmt::format(", and every snapshot holds what {} did", position);
    return false;
  }
  const auto outdated = set_aside_snapshots(directory, position);
  if (!outdated) problem = outdated.error().text();
  return outdated.has_value();
}

// Once more is once.
int quarantine(const LogOptions& options) {
  const auto directory = open_to_change(options);
  if (!directory) return fail("quarantine", refusal_text(options, directory.error()));
  std::optional<LogRecord> found;
  std::string bytes;
  SurveyOptions how;
  how.take = [&](const LogRecord& record) {
    if (record.position != options.position) return true;
    bytes = record.bytes;
    found = record;
    found->bytes = bytes;
    return true;
  };
  const auto survey = survey_log(**directory, how);
  if (!survey) return fail("quarantine", survey.error().text());
  if (!found) return fail("quarantine", fmt::format("there is no position {} that can be read", options.position));
  if (found->is_erased()) return fail("quarantine", fmt::format("position {} was erased", options.position));
  if (found->kind == RecordKind::ruleset) {
    return fail("quarantine", fmt::format("position {} is a ruleset: what is behind it needs it", options.position));
  }
  std::string problem;
  if (!discard_snapshots_behind(**directory, options.position, *survey, problem)) return fail("quarantine", problem);
  IoStatus status;
  if (!found->is_quarantined) {
    status = Quarantine::add(**directory, *found, survey->identity, Timestamp::system_now(), options.reason);
  }
  if (status) status = Ledger::discard(**directory);
  if (!status) return fail("quarantine", status.error().text());
  (void)(*directory)->remove(ReplayWatch::file_name);  // There may be none: the next replay looks anew.
  std::string line;
  append_record(line, *found);
  fmt::print("every replay passes over this record from now on, as if it had never been:\n{}", line);
  return 0;
}

}  // namespace

void add_log(CLI::App& app, int& status) {
  auto options = std::make_shared<LogOptions>();
  CLI::App* verb = app.add_subcommand("log", "Verify, dump or mend the log in a data directory");
  verb->require_subcommand(1);
  const auto add = [&](const char* name, const char* description) {
    CLI::App* added = verb->add_subcommand(name, description);
    added->add_option("--data", options->data, "The directory that `serve --data` was given")
        ->type_name("DIR")
        ->required();
    return added;
  };
  CLI::App* verifying = add("verify", "Read all of it and say everything that is wrong; changes nothing");
  verifying->add_flag("--json", options->as_json, "Print one JSON object");
  verifying->callback([options, &status] { status = verify(*options); });

  CLI::App* dumping = add("dump", "Print its records, one JSON object a line, also behind a fault; changes nothing");
  dumping->add_option("--from", options->from, "The first position")->type_name("POSITION");
  dumping->add_option("--to", options->to, "The last position")->type_name("POSITION");
  dumping->callback([options, &status] { status = dump(*options); });

  CLI::App* salvaging = add("salvage", "Go back to before the damage, so that the server starts again");
  salvaging->add_flag("--accept-loss", options->accepts_loss, "What was acked behind the damage is given up");
  salvaging->add_flag("--json", options->as_json, "Print one JSON object");
  salvaging->callback([options, &status] { status = salvage(*options); });

  CLI::App* quarantining = add("quarantine", "Decide that every replay passes over a record that ends the process");
  quarantining->add_option("POSITION", options->position, "Which one")->required();
  quarantining->add_option("--reason", options->reason, "Why, for whoever reads it later");
  quarantining->callback([options, &status] { status = quarantine(*options); });
}

}  // namespace tallyho::cli
