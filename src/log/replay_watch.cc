#include "log/replay_watch.h"

#include <array>
#include <cerrno>
#include <cstdio>
#include <span>

#include "fmt/format.h"

namespace tallyho {
namespace {

// A note: "batch", or "record" with how often exactly there; padded, so that each covers the one before.
constexpr std::size_t note_bytes = 96;

struct Note {
  char what = 0;  // 'b' or 'r'.
  Position position = 0;
  int crashes = 0;
};

std::optional<Note> read_note(LogFile& file, const std::string& identity) {
  std::array<char, note_bytes + 1> text{};
  const auto count = file.read(0, std::as_writable_bytes(std::span(text).first(note_bytes)));
  if (!count || *count != note_bytes) return std::nullopt;
  Note note;
  std::array<char, 33> log{};
  unsigned long long position = 0;
  if (std::sscanf(text.data(), "%c %llu %d %32s", &note.what, &position, &note.crashes, log.data()) != 4) {
    return std::nullopt;
  }
  note.position = position;
  return identity == log.data() ? std::optional(note) : std::nullopt;
}

}  // namespace

IoResult<ReplayWatch> ReplayWatch::begin(LogDirectory& directory, std::string_view identity) {
  ReplayWatch watch(directory, identity);
  const auto file = directory.open(file_name);
  if (!file && file.error().number == ENOENT) return watch;
  if (!file) return std::unexpected(file.error());
  const auto note = read_note(**file, watch.identity_);
  if (!note) return watch;
  if (note->what == 'b') {
    watch.suspects_begin_ = note->position;
    watch.suspects_end_ = note->position + batch_records;
    return watch;
  }
  // It ended at exactly this record, and `crashes` times before.
  if (note->crashes >= 1) watch.poison_ = note->position;
  watch.suspect_ = note->position;
  watch.suspects_begin_ = note->position;
  watch.suspects_end_ = note->position + 1;
  return watch;
}

void ReplayWatch::applying(Position position) {
  if (position >= suspects_begin_ && position < suspects_end_) {
    note('r', position, position == suspect_ ? 1 : 0);
    next_note_ = 0;  // The records behind them get a note of their own.
  } else if (position >= next_note_) {
    note('b', position, 0);
    next_note_ = position + batch_records;
    // A batch that reaches the suspects ends there.
    if (position < suspects_begin_ && next_note_ > suspects_begin_) next_note_ = suspects_begin_;
  }
}

void ReplayWatch::note(char what, Position position, int crashes) {
  if (file_ == nullptr) {
    auto file = directory_->create(file_name);
    if (!file) return;
    file_ = std::move(*file);
  }
  std::string text = fmt::format("{} {} {} {}", what, position, crashes, identity_);
  text.resize(note_bytes - 1, ' ');
  text += '\n';
  (void)file_->write(0, std::as_bytes(std::span(text)));
}

void ReplayWatch::end() {
  if (file_ == nullptr && suspects_end_ == 0) return;
  file_.reset();
  (void)directory_->remove(file_name);
}

std::string poison_report(Position position) {
  return fmt::format(
      "the process ended twice while it applied position {}, so it is not applied again. The ways out:\n"
      "  - a program that does not stumble over it: put it in place, remove the file `{}` in the data directory, and "
      "start again;\n"
      "  - `tallyho log dump --data DIR --from {} --to {}` shows what it is, and `tallyho log quarantine --data DIR "
      "{}` "
      "decides that every replay passes over it.",
      position, ReplayWatch::file_name, position, position, position);
}

}  // namespace tallyho
