// tallyho load: makes the standard load, or plays it against a server and measures.

#include <chrono>
#include <cstdio>
#include <memory>
#include <optional>

#include "CLI/CLI.hpp"
#include "cli/progress.h"
#include "cli/verbs.h"
#include "fmt/format.h"
#include "load/player.h"
#include "load/standard_load.h"

namespace tallyho::cli {
namespace {

struct LoadOptions {
  StandardLoad::Options load;
  PlayOptions play;
  std::string url;
  std::string out;
  double seconds = 0;
  bool as_json = false;
};

int fail(const std::string& message, int status = 1) {
  fmt::print(stderr, "tallyho load: {}\n", message);
  return status;
}

int write_file(const LoadOptions& options) {
  const bool is_stdout = options.out == "-";
  std::FILE* file = is_stdout ? stdout : std::fopen(options.out.c_str(), "wb");
  if (file == nullptr) return fail(options.out + ": can't be written");
  StandardLoad load(options.load);
  Progress progress("writing");
  std::uint64_t lines = 0;
  bool is_good = true;
  while (const auto line = load.next()) {
    is_good = std::fwrite(line->text.data(), 1, line->text.size(), file) == line->text.size() &&
              std::fputc('\n', file) != EOF;
    if (!is_good) break;
    if (++lines % 4096 == 0) progress.update(lines, options.load.events, "lines");
  }
  if (std::fflush(file) != 0) is_good = false;
  if (!is_stdout && std::fclose(file) != 0) is_good = false;
  return is_good ? 0 : fail(options.out + ": can't be written");
}

// The standard load as it is played live: what is not UTF-8 can't be sent in a text frame.
class LiveLoad final : public EventSource {
 public:
  LiveLoad(const StandardLoad::Options& options, double seconds) : load_(options) {
    if (seconds > 0) ends_ = std::chrono::steady_clock::now() + std::chrono::duration<double>(seconds);
  }

  std::optional<PlayedEvent> next() override {
    if (ends_ && std::chrono::steady_clock::now() >= *ends_) return std::nullopt;
    while (const auto line = load_.next()) {
      if (line->flaw == Flaw::not_utf8) continue;
      return PlayedEvent{.line = line->text, .player = line->player};
    }
    return std::nullopt;
  }

 private:
  using Ends = std::chrono::time_point<std::chrono::steady_clock, std::chrono::duration<double>>;
  StandardLoad load_;
  std::optional<Ends> ends_;
};

void print_latencies(std::string_view name, const Histogram& histogram) {
  if (histogram.total() == 0) return;
  const auto ms = [&](double percent) { return static_cast<double>(histogram.percentile(percent)) / 1e6; };
  fmt::print("{:<8}{:>10.2f}{:>10.2f}{:>10.2f}{:>10.2f}{:>10.2f}\n", name, ms(50), ms(95), ms(99), ms(99.9),
             static_cast<double>(histogram.max()) / 1e6);
}

void print_table(const PlayResult& result) {
  fmt::print("{} events in {:.1f} s: {:.0f} events/s\n\n", with_commas(result.events), result.seconds,
             result.events_per_second());
  fmt::print("{:<8}{:>10}{:>10}{:>10}{:>10}{:>10}\n", "ms", "p50", "p95", "p99", "p99.9", "max");
  print_latencies("ack", result.ack_ns);
  print_latencies("push", result.push_ns);
  fmt::print("\n");
  for (int code = 0; code < code_count; ++code) {
    const std::uint64_t count = result.codes[static_cast<std::size_t>(code)];
    if (count > 0) fmt::print("{:<16}{:>14}\n", name_of(static_cast<Code>(code)), with_commas(count));
  }
  if (result.unanswered > 0) fmt::print("{:<16}{:>14}\n", "(no answer)", with_commas(result.unanswered));
}

int play_live(LoadOptions options) {
  options.load.has_ts = false;
  options.play.url = options.url;
  options.play.rate = static_cast<double>(options.load.rate);
  Progress progress("playing");
  options.play.progress = [&](const PlayProgress& so_far) {
    progress.update(so_far.answered, options.load.events, "answers");
  };
  LiveLoad source(options.load, options.seconds);
  const auto result = play(source, options.play);
  progress.clear();
  if (!result) return fail(result.error());
  if (options.as_json)
    fmt::print("{}\n", to_json(**result));
  else
    print_table(**result);
  if (!(*result)->problem.empty()) return fail((*result)->problem);
  return (*result)->unanswered == 0 ? 0 : fail("not every event was answered");
}

void add_live_options(CLI::App& verb, LoadOptions& options) {
  verb.add_option("--connections", options.play.connections, "Live: connections that send")
      ->check(CLI::Range(1, 60'000))
      ->capture_default_str();
  verb.add_option("--in-flight", options.play.in_flight, "Live: closed loop, so many unanswered events a connection")
      ->check(CLI::Range(1, 1'000'000));
  verb.add_option("--batch", options.play.batch, "Live: events per frame")
      ->check(CLI::Range(1, 10'000))
      ->capture_default_str();
  verb.add_option("--watchers", options.play.watchers, "Live: connections that watch a board's top 10")
      ->check(CLI::Range(0, 60'000))
      ->capture_default_str();
  verb.add_option("--board", options.play.board, "Live: the board they watch")->capture_default_str();
  verb.add_option("--seconds", options.seconds, "Live: end after so long")->check(CLI::PositiveNumber);
}

}  // namespace

void add_load(CLI::App& app, int& status) {
  auto options = std::make_shared<LoadOptions>();
  CLI::App* verb = app.add_subcommand("load", "Make the standard load, or play it against a server");
  verb->add_option("--seed", options->load.seed, "The same seed gives the same bytes")->capture_default_str();
  verb->add_option("--events", options->load.events, "How many")->capture_default_str();
  verb->add_option("--players", options->load.players, "How many")
      ->check(CLI::Range(1, 10'000'000))
      ->capture_default_str();
  verb->add_option("--skew", options->load.skew, "Exponent of the Zipf law by which players are picked")
      ->check(CLI::Range(0.0, 10.0))
      ->capture_default_str();
  verb->add_option("--invalid", options->load.invalid_percent, "Percent of lines that are spoiled")
      ->check(CLI::Range(0.0, 100.0))
      ->capture_default_str();
  verb->add_option("--rate", options->load.rate, "Events per simulated second; live: per second, open loop")
      ->check(CLI::Range(1, 100'000'000))
      ->capture_default_str();
  CLI::Option* out = verb->add_option("--out", options->out, "Write NDJSON to this file; - is standard output");
  verb->add_option("--url", options->url, "Play it live: ws://HOST:PORT/v1/ws")->excludes(out);
  add_live_options(*verb, *options);
  verb->add_flag("--json", options->as_json, "Live: print one JSON object");
  verb->callback([options, &status] {
    if (!options->url.empty())
      status = play_live(*options);
    else if (!options->out.empty())
      status = write_file(*options);
    else
      status = fail("needs --out FILE or --url URL; see tallyho load --help", 2);
  });
}

}  // namespace tallyho::cli
