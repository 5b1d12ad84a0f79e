#include "server/logger.h"

#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <utility>

#include "base/json.h"
#include "base/thread_name.h"
#include "fmt/format.h"
#include "simdjson.h"

namespace tallyho {
namespace {

constexpr std::array<std::string_view, 4> level_names = {"debug", "info", "warning", "error"};
constexpr std::string_view hidden = "[token]";

bool is_alphanumeric(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9');
}

// Of base64url, and the dots and paddings of a JWT.
bool is_of_token(char c) {
  return is_alphanumeric(c) || c == '-' || c == '_' || c == '.' || c == '=' || c == '+' || c == '/' || c == '~' ||
         c == '%';
}

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

bool begins_with(std::string_view text, std::string_view word) {
  return text.size() >= word.size() &&
         std::equal(word.begin(), word.end(), text.begin(), [](char a, char b) { return a == lower(b); });
}

// How many bytes of `text` from its beginning announce a token; 0: none.
std::size_t announcement(std::string_view text) {
  for (const std::string_view word : {"bearer", "token", "ticket", "secret"}) {
    if (!begins_with(text, word)) continue;
    const std::size_t value = std::min(text.find_first_not_of(" .:=\"'", word.size()), text.size());
    // "the token is old" announces none: there must be a sign, or for `bearer` a space.
    const std::string_view between = text.substr(word.size(), value - word.size());
    const bool has_sign = between.find_first_of(".:=") != std::string_view::npos;
    return has_sign || (word == "bearer" && !between.empty()) ? value : 0;
  }
  return 0;
}

std::string printable(std::string_view text) {
  std::string out = without_tokens(text);
  if (!simdjson::validate_utf8(out)) {
    std::ranges::replace_if(out, [](char c) { return static_cast<unsigned char>(c) >= 0x80; }, '?');
  }
  return out;
}

std::string quoted(std::string_view text) {
  std::string out;
  append_json_string(out, printable(text));
  return out;
}

// On one line, and without anything that a terminal would obey.
std::string on_one_line(std::string_view text) {
  std::string out;
  for (const char c : printable(text)) {
    const auto code = static_cast<unsigned char>(c);
    if (c == '\n') {
      out += "\\n";
    } else if (code < 0x20 || code == 0x7f) {
      out += fmt::format("\\x{:02x}", code);
    } else {
      out += c;
    }
  }
  return out;
}

void write_to_stderr(std::string_view line) {
  while (!line.empty()) {
    const ssize_t written = ::write(STDERR_FILENO, line.data(), line.size());
    if (written < 0 && errno == EINTR) continue;
    if (written <= 0) return;  // Nobody is there to be told.
    line.remove_prefix(static_cast<std::size_t>(written));
  }
}

}  // namespace

std::string_view name_of(LogLevel level) {
  return level_names[static_cast<std::size_t>(level)];
}

std::optional<LogLevel> log_level_named(std::string_view name) {
  const auto* const found = std::ranges::find(level_names, name);
  if (found == level_names.end()) return std::nullopt;
  return static_cast<LogLevel>(found - level_names.begin());
}

std::optional<LogFormat> log_format_named(std::string_view name) {
  if (name == "text") return LogFormat::text;
  if (name == "json") return LogFormat::json;
  return std::nullopt;
}

std::string without_tokens(std::string_view text) {
  constexpr std::size_t jwt_bytes_min = 20;
  std::string out;
  for (std::size_t i = 0; i < text.size();) {
    const bool is_word_begin = i == 0 || !is_alphanumeric(text[i - 1]);
    const std::string_view rest = text.substr(i);
    const auto end = static_cast<std::size_t>(std::ranges::find_if_not(rest, is_of_token) - rest.begin());
    if (is_word_begin && begins_with(rest, "eyj") && end >= jwt_bytes_min) {  // {" in base64.
      out += hidden;
      i += end;
      continue;
    }
    const std::size_t announced = is_word_begin ? announcement(rest) : 0;
    if (announced == 0) {
      out += text[i++];
      continue;
    }
    out += rest.substr(0, announced);
    i += announced;
    const std::size_t before = i;
    while (i < text.size() && is_of_token(text[i])) ++i;
    if (i > before) out += hidden;
  }
  return out;
}

Logger::Logger(Options options) : options_(std::move(options)), thread_([this] { run(); }) {}

Logger::~Logger() {
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

bool Logger::admits(Topic& topic, Timestamp now) const {
  const double interval = std::chrono::duration<double, std::nano>(options_.interval).count();
  const Duration since = subtract(now, topic.filled).value_or(Duration(0));
  const auto passed = static_cast<double>(std::max(since, Duration(0)).count());
  topic.room = std::min(topic.room + passed / interval, static_cast<double>(options_.burst));
  topic.filled = now;
  if (topic.room < 1) return false;
  topic.room -= 1;
  return true;
}

void Logger::log(LogLevel level, std::string_view topic, std::string_view message,
                 std::initializer_list<Field> fields) {
  if (!wants(level)) return;
  const Timestamp now = options_.now();
  {
    const std::lock_guard lock(mutex_);
    auto found = topics_.find(topic);
    if (found == topics_.end()) {
      const Topic full{.room = static_cast<double>(options_.burst), .filled = now};
      found = topics_.emplace(std::string(topic), full).first;
    }
    Topic& state = found->second;
    if (!admits(state, now) && level != LogLevel::error) {
      ++state.left_out;
      return;
    }
    if (waiting_.size() >= options_.lines_max) {
      ++left_out_;
      return;
    }
    const std::int64_t left_out = std::exchange(state.left_out, 0) + std::exchange(left_out_, 0);
    waiting_.push_back(line(level, topic, message, fields, now, left_out));
  }
  changed_.notify_all();
}

void Logger::settle() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return waiting_.empty() && !is_writing_; });
}

std::string Logger::line(LogLevel level, std::string_view topic, std::string_view message,
                         std::initializer_list<Field> fields, Timestamp now, std::int64_t left_out) const {
  std::string out;
  if (options_.format == LogFormat::json) {
    JsonWriter json(out);
    json.object().key("time").text(format_timestamp(now)).key("level").text(name_of(level));
    json.key("topic").text(topic).key("message").text(printable(message));
    for (const Field& field : fields) {
      json.key(field.name);
      if (const auto* number = std::get_if<std::int64_t>(&field.value)) json.number(*number);
      if (const auto* text = std::get_if<std::string_view>(&field.value)) json.text(printable(*text));
    }
    if (left_out > 0) json.key("left_out").number(left_out);
    json.end();
    return out + '\n';
  }
  out = fmt::format("{} {} {}: {}", format_timestamp(now), name_of(level), topic, on_one_line(message));
  for (const Field& field : fields) {
    if (const auto* number = std::get_if<std::int64_t>(&field.value)) out += fmt::format(" {}={}", field.name, *number);
    if (const auto* text = std::get_if<std::string_view>(&field.value)) {
      out += fmt::format(" {}={}", field.name, quoted(*text));
    }
  }
  if (left_out > 0) out += fmt::format(" left_out={}", left_out);
  return out + '\n';
}

void Logger::run() {
  name_thread("logger");
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return !waiting_.empty() || is_stopping_; });
    if (waiting_.empty()) return;
    const std::string line = std::move(waiting_.front());
    waiting_.pop_front();
    is_writing_ = true;
    lock.unlock();
    if (options_.write) {
      options_.write(line);
    } else {
      write_to_stderr(line);
    }
    lock.lock();
    is_writing_ = false;
    changed_.notify_all();
  }
}

}  // namespace tallyho
