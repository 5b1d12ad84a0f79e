#pragma once

#include <chrono>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <initializer_list>
#include <map>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <variant>

#include "base/time.h"

namespace tallyho {

enum class LogLevel : std::uint8_t { debug, info, warning, error };
enum class LogFormat : std::uint8_t { text, json };
std::string_view name_of(LogLevel level);
std::optional<LogLevel> log_level_named(std::string_view name);
std::optional<LogFormat> log_format_named(std::string_view name);

// What the server says to those who run it: one line each, as text or JSON, to standard error.
//
//     Logger logger({.format = LogFormat::json});
//     logger.log(LogLevel::warning, "slow-reader", "a client that read nothing was dropped", {{"bytes", 8192}});
//     // {"time":"2026-07-19T20:00:00Z","level":"warning","topic":"slow-reader","message":"a client …","bytes":8192}
//
// A topic is a word of the program's own, never a client's: of each at most `burst` lines at once and then one each
// `interval` are written; the next that is says how many were left out. Lines of level error are never left out for
// that. Tokens are taken out of messages and values, whoever put them there, and control characters escaped.
//
// Threads: any may log; none waits for whoever reads the lines: a thread of its own writes them, and what waits is
// bounded (`lines_max`), beyond which lines are left out and counted.
// Memory: the lines that wait; a few words for each topic.
class Logger {
 public:
  struct Options {
    LogLevel level = LogLevel::info;  // What is below it is not written.
    LogFormat format = LogFormat::text;
    int burst = 10;
    std::chrono::milliseconds interval{1000};
    std::size_t lines_max = 1024;
    // Empty: to standard error. For tests: called on the writing thread, with the line's end.
    std::function<void(std::string_view)> write = {};
    // For tests: what time it is.
    std::function<Timestamp()> now = Timestamp::system_now;
  };
  struct Field {
    std::string_view name;
    std::variant<std::string_view, std::int64_t> value;
  };

  explicit Logger(Options options);
  // Writes what is left.
  ~Logger();
  Logger(const Logger&) = delete;
  Logger& operator=(const Logger&) = delete;

  // Whether such a line would be written at all: for whoever has work to do for it.
  bool wants(LogLevel level) const { return level >= options_.level; }
  void log(LogLevel level, std::string_view topic, std::string_view message, std::initializer_list<Field> fields = {});
  // Returns once all that was logged before is written: for whoever writes something else to the same place.
  void settle();

 private:
  // How much of a topic may be written: as much as fits into a bucket that fills with time.
  struct Topic {
    double room = 0;
    Timestamp filled;
    std::int64_t left_out = 0;
  };

  bool admits(Topic& topic, Timestamp now) const;
  std::string line(LogLevel level, std::string_view topic, std::string_view message,
                   std::initializer_list<Field> fields, Timestamp now, std::int64_t left_out) const;
  void run();

  const Options options_;
  std::mutex mutex_;  // Guards what follows.
  std::condition_variable changed_;
  std::map<std::string, Topic, std::less<>> topics_;
  std::deque<std::string> waiting_;
  std::int64_t left_out_ = 0;  // Lines of any topic, since what waited was too much.
  bool is_writing_ = false;
  bool is_stopping_ = false;
  std::thread thread_;
};

// The text without what may be a token: what stands behind `Bearer` or `token`, and whatever looks like a JWT.
std::string without_tokens(std::string_view text);

}  // namespace tallyho
