#include "server/recorder.h"

#include <fcntl.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <tuple>

#include "base/json.h"
#include "base/thread_name.h"
#include "simdjson.h"

namespace tallyho {
namespace {

constexpr std::size_t chunk_bytes = std::size_t{256} * 1024;
constexpr std::size_t chunks_max = 256;  // 64 MiB: some ten seconds of the fastest run, on a disk that has stalled.

// Whether the sender may have given the event an `at`, perhaps spelled with escapes.
bool may_have_at(std::string_view event) {
  return event.find("\"at\"") != std::string_view::npos || event.find("\\u") != std::string_view::npos;
}

// The members of an event but `at`, as JSON, without the braces. Slow and rare.
std::string members_without_at(std::string_view event) {
  simdjson::dom::parser parser;
  simdjson::dom::object object;
  std::string out;
  if (parser.parse(event.data(), event.size()).get(object) != simdjson::SUCCESS) return out;
  for (const auto member : object) {
    if (member.key == "at") continue;
    if (!out.empty()) out += ',';
    append_json_string(out, member.key);
    out += ':';
    out += simdjson::to_string(member.value);
  }
  return out;
}

}  // namespace

void append_recorded(std::string& out, std::string_view event, Timestamp arrival) {
  out += R"({"at":")";
  out += format_timestamp(arrival);
  out += R"(",)";
  if (may_have_at(event)) {
    out += members_without_at(event);
    out += "}\n";
    return;
  }
  // An event has a type and a player, so something other than a brace follows the first one.
  const std::size_t begin = out.size();
  out += event.substr(std::min(event.find('{') + 1, event.size()));
  std::replace_if(
      out.begin() + static_cast<std::ptrdiff_t>(begin), out.end(), [](char c) { return c == '\n' || c == '\r'; },
      ' ');  // JSON strings have none, so it is space.
  out += '\n';
}

std::expected<std::unique_ptr<Recorder>, std::string> Recorder::open(const std::string& path, Warn warn) {
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
  if (file < 0) return std::unexpected(path + ": " + std::strerror(errno));
  return std::unique_ptr<Recorder>(new Recorder(file, path, std::move(warn)));
}

Recorder::Recorder(int file, std::string path, Warn warn)
    : file_(file),
      path_(std::move(path)),
      warn_(std::move(warn)),
      filling_(std::make_unique<Chunk>()),
      to_writer_(chunks_max),
      empty_(chunks_max),
      writer_([this] { write_chunks(); }) {}

Recorder::~Recorder() {
  hand_over(true);
  stopping_.store(true);
  bell_.ring();
  writer_.join();
  if (::close(file_) != 0 && is_complete()) fail(std::strerror(errno));
  Chunk* chunk = nullptr;
  while (empty_.pop(chunk)) delete chunk;
}

void Recorder::write(std::string_view event, Timestamp arrival) {
  if (!is_complete()) return;
  filling_->bytes += event;
  filling_->entries.push_back({arrival, static_cast<std::uint32_t>(event.size())});
}

void Recorder::hand_over(bool now_is_quiet) {
  if (filling_->entries.empty() || (filling_->bytes.size() < chunk_bytes && !now_is_quiet)) return;
  const std::uint64_t events = filling_->entries.size();
  if (!is_complete() || !to_writer_.push(filling_.get())) {
    if (is_complete()) fail("the disk can't keep up");
    filling_->bytes.clear();
    filling_->entries.clear();
    return;
  }
  std::ignore = filling_.release();  // The writer has it.
  recorded_.add(events);
  bell_.ring();
  Chunk* next = nullptr;
  filling_.reset(empty_.pop(next) ? next : new Chunk);
}

void Recorder::write_chunks() {
  name_thread("recorder");
  std::string lines;
  while (true) {
    const std::uint32_t seen = bell_.seen();
    const bool is_last_look = stopping_.load();
    Chunk* taken = nullptr;
    while (to_writer_.pop(taken)) {
      std::unique_ptr<Chunk> chunk(taken);
      lines.clear();
      std::string_view bytes = chunk->bytes;
      for (const Entry& entry : chunk->entries) {
        append_recorded(lines, bytes.substr(0, entry.bytes), entry.arrival);
        bytes.remove_prefix(entry.bytes);
      }
      if (is_complete() && !write_out(lines)) fail(std::strerror(errno));
      chunk->bytes.clear();
      chunk->entries.clear();
      if (empty_.push(chunk.get())) std::ignore = chunk.release();
    }
    if (is_last_look) return;
    bell_.wait(seen, std::chrono::seconds(1));
  }
}

bool Recorder::write_out(const std::string& text) {
  std::string_view rest = text;
  while (!rest.empty()) {
    const ssize_t written = ::write(file_, rest.data(), rest.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return false;
    rest.remove_prefix(static_cast<std::size_t>(written));
  }
  return true;
}

void Recorder::fail(const std::string& why) {
  has_failed_.store(true);
  warn_("recording to " + path_ + " has ended: " + why + "; the file holds the run up to there");
}

}  // namespace tallyho
