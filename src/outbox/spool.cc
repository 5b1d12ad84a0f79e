#include "outbox/spool.h"

#include <cerrno>
#include <charconv>
#include <cstring>
#include <span>

#include "base/thread_name.h"
#include "fmt/format.h"
#include "log/frame.h"

namespace tallyho {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::string_view prefix = "outbox-";
constexpr std::size_t header_bytes = 16;
constexpr std::size_t chunk_bytes = std::size_t{256} * 1024;
constexpr std::size_t text_bytes_max = std::size_t{8} << 20;  // Of one position: a thousand overtaken, and more.
constexpr std::chrono::seconds mark_interval{1};
constexpr std::uint64_t no_file = ~std::uint64_t{0};

std::string file_name(std::uint64_t offset) {
  return fmt::format("{}{:020}", prefix, offset);
}

std::optional<std::uint64_t> offset_of(std::string_view name) {
  if (!name.starts_with(prefix)) return std::nullopt;
  name.remove_prefix(prefix.size());
  std::uint64_t offset = 0;
  const auto [end, error] = std::from_chars(name.data(), name.data() + name.size(), offset);
  return error == std::errc() && end == name.data() + name.size() ? std::optional(offset) : std::nullopt;
}

std::span<const std::byte> bytes_of(std::string_view text) {
  return std::as_bytes(std::span(text));
}

template <typename T>
void put(std::string& out, T number) {
  for (std::size_t i = 0; i < sizeof(T); ++i) out += static_cast<char>(number >> (8 * i));
}

template <typename T>
T get(std::string_view bytes, std::size_t at) {
  T number = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) {
    number |= static_cast<T>(static_cast<T>(static_cast<unsigned char>(bytes[at + i])) << (8 * i));
  }
  return number;
}

// A record at the beginning of some bytes.
struct Record {
  Position position = 0;
  std::string_view text;
  std::size_t size() const { return header_bytes + text.size(); }
};

// How large the record that begins here says it is; 0 if that cannot be.
std::size_t size_of_record(std::string_view bytes) {
  if (bytes.size() < header_bytes) return 0;
  const std::size_t text = get<std::uint32_t>(bytes, 0);
  return text > text_bytes_max ? 0 : header_bytes + text;
}

// Nothing: it is not whole.
std::optional<Record> record_at(std::string_view bytes, std::uint32_t seed) {
  const std::size_t size = size_of_record(bytes);
  if (size == 0 || size > bytes.size()) return std::nullopt;
  const std::uint32_t crc = crc32c(crc32c(seed, bytes_of(bytes.substr(0, 4))), bytes_of(bytes.substr(8, size - 8)));
  if (crc != get<std::uint32_t>(bytes, 4)) return std::nullopt;
  return Record{.position = get<std::uint64_t>(bytes, 8), .text = bytes.substr(header_bytes, size - header_bytes)};
}

IoResult<std::string> read_some(LogFile& file, std::uint64_t offset, std::size_t size) {
  std::string bytes(size, '\0');
  const auto count = file.read(offset, std::as_writable_bytes(std::span(bytes)));
  if (!count) return std::unexpected(count.error());
  bytes.resize(*count);
  return bytes;
}

}  // namespace

Spool::Spool(LogDirectory& directory, const std::string& identity, Options options, Warn warn)
    : directory_(directory),
      seed_(crc32c(0xffffffff, bytes_of(identity))),
      options_(options),
      warn_(std::move(warn)),
      filling_(std::make_unique<Chunk>()) {}

IoResult<std::unique_ptr<Spool>> Spool::open(LogDirectory& directory, const std::string& identity, Position last,
                                             Options options, Warn warn) {
  std::unique_ptr<Spool> spool(new Spool(directory, identity, options, std::move(warn)));
  if (const IoStatus found = spool->find_records(last); !found) return std::unexpected(found.error());
  spool->writer_ = std::thread([self = spool.get()] { self->write(); });
  return spool;
}

Spool::~Spool() {
  if (!writer_.joinable()) return;  // Never opened.
  if (reached_ > marked_) enter(reached_, "");
  push_chunk();
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  changed_.notify_all();
  writer_.join();
}

IoStatus Spool::find_records(Position last) {
  const auto names = directory_.list();
  if (!names) return std::unexpected(names.error());
  for (const std::string& name : *names) {
    if (const auto offset = offset_of(name)) files_.push_back(*offset);
  }
  std::ranges::sort(files_);
  if (!files_.empty()) next_ = files_.front();
  for (std::size_t i = 0; i < files_.size(); ++i) {
    if (files_[i] != next_) return cut_from(i);
    const auto is_whole = find_records(files_[i], last);
    if (!is_whole) return std::unexpected(is_whole.error());
    const bool goes_on = i + 1 < files_.size() && files_[i + 1] == next_;
    // What is behind the last whole record counts for nothing once another file begins there.
    if (!*is_whole && !goes_on) return cut_from(i + 1);
  }
  reached_ = marked_ = found_through_;
  written_ = taken_ = next_;
  return {};
}

// The records of one file, up to where the next begins. False: it does not end with the last whole one.
IoResult<bool> Spool::find_records(std::uint64_t begin, Position last) {
  const auto file = directory_.open(file_name(begin));
  if (!file) return std::unexpected(file.error());
  const auto size = (*file)->size();
  if (!size) return std::unexpected(size.error());
  const auto bytes = read_some(**file, 0, *size);
  if (!bytes) return std::unexpected(bytes.error());
  while (next_ - begin < bytes->size()) {
    if (next_ > begin && std::ranges::binary_search(files_, next_)) return false;
    const auto record = record_at(std::string_view(*bytes).substr(next_ - begin), seed_);
    if (!record || record->position > last || record->position < found_through_) return false;
    found_through_ = record->position;
    next_ += record->size();
  }
  return true;
}

// Takes away the files from that one on, and has one begin where the last whole record ends.
IoStatus Spool::cut_from(std::size_t file) {
  for (std::size_t i = file; i < files_.size(); ++i) {
    if (const IoStatus removed = directory_.remove(file_name(files_[i])); !removed) return removed;
  }
  files_.resize(file);
  if (const auto created = directory_.create(file_name(next_)); !created) return std::unexpected(created.error());
  if (files_.empty() || files_.back() != next_) files_.push_back(next_);
  reached_ = marked_ = found_through_;
  written_ = taken_ = next_;
  return directory_.sync_names();
}

SpoolMark Spool::resume(SpoolMark heard) {
  const std::uint64_t begin = files_.empty() ? next_ : files_.front();
  const bool is_here = heard.offset >= begin && heard.offset <= next_;
  const SpoolMark mark{.offset = is_here ? heard.offset : begin, .position = heard.position};
  taken_ = mark.offset;
  found_through_ = std::max(found_through_, heard.position);
  reached_ = std::max(reached_, heard.position);
  return mark;
}

void Spool::enter(Position position, std::string_view text) {
  std::string& bytes = filling_->bytes;
  if (bytes.empty()) filling_->offset = next_;
  std::string header;
  put(header, static_cast<std::uint32_t>(text.size()));
  std::string number;
  put(number, position);
  put(header, crc32c(crc32c(crc32c(seed_, bytes_of(header)), bytes_of(number)), bytes_of(text)));
  bytes.append(header).append(number).append(text);
  next_ += header_bytes + text.size();
  filling_->is_marked = text.empty();
}

void Spool::add(Position position, std::string_view text) {
  if (position <= found_through_ || !is_complete()) return;
  if (text.size() > text_bytes_max) return fail("one event has too much to say");
  enter(position, text);
}

void Spool::hand_over(Position position, bool now_is_quiet) {
  reached_ = std::max(reached_, position);
  if (!is_complete()) return filling_->bytes.clear();
  if (reached_ > marked_) {
    const auto now = Clock::now();
    if (now - marked_at_ >= mark_interval) {
      enter(reached_, "");
      marked_ = reached_;
      marked_at_ = now;
      return push_chunk();
    }
  }
  if (now_is_quiet || filling_->bytes.size() >= chunk_bytes) push_chunk();
}

void Spool::push_chunk() {
  if (filling_->bytes.empty() || !is_complete()) return;
  if (next_ - taken_.load() > options_.bytes_max) return fail("the receiver is too far behind");
  {
    const std::lock_guard lock(mutex_);
    if (waiting_bytes_ + filling_->bytes.size() <= options_.waiting_bytes_max) {
      waiting_bytes_ += filling_->bytes.size();
      waiting_.push_back(std::exchange(filling_, std::make_unique<Chunk>()));
    }
  }
  if (!filling_->bytes.empty()) return fail("the disk can't keep up");
  changed_.notify_all();
}

void Spool::keep_pace() {
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return waiting_bytes_ <= options_.waiting_bytes_max / 2 || !is_complete(); });
}

void Spool::when_written(std::function<void()> call) {
  const std::lock_guard lock(mutex_);
  when_written_ = std::move(call);
}

// The writing thread. What waits is written also when nothing more is added, for there is nothing missing before it;
// but nothing behind what could not be written.
void Spool::write() {
  name_thread("outbox-spool");
  bool can_write = true;
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return !waiting_.empty() || is_stopping_; });
    if (waiting_.empty()) return;
    const std::unique_ptr<Chunk> chunk = std::move(waiting_.front());
    waiting_.pop_front();
    lock.unlock();
    if (can_write) {
      const IoStatus written = write(*chunk);
      can_write = written.has_value();
      if (!can_write) fail(written.error().text());
    }
    lock.lock();
    waiting_bytes_ -= chunk->bytes.size();
    if (when_written_) when_written_();
    changed_.notify_all();
  }
}

IoStatus Spool::write(const Chunk& chunk) {
  if (file_ == nullptr || chunk.offset - file_offset_ >= options_.segment_bytes) {
    auto file = directory_.create(file_name(chunk.offset));
    if (!file) return std::unexpected(file.error());
    file_ = std::move(*file);
    file_offset_ = chunk.offset;
    const std::lock_guard lock(mutex_);
    if (files_.empty() || files_.back() != chunk.offset) files_.push_back(chunk.offset);
  }
  if (IoStatus written = file_->write(chunk.offset - file_offset_, bytes_of(chunk.bytes)); !written) return written;
  written_ = chunk.offset + chunk.bytes.size();
  if (!chunk.is_marked) return {};
  if (IoStatus synced = file_->sync(); !synced) return synced;
  return directory_.sync_names();
}

void Spool::fail(const std::string& why) {
  if (has_failed_.exchange(true)) return;
  warn_("the outbox takes nothing more: " + why + "; what is missing is added when the server starts again");
}

std::pair<std::uint64_t, std::uint64_t> Spool::file_of(std::uint64_t offset) {
  const std::lock_guard lock(mutex_);
  const auto next = std::ranges::upper_bound(files_, offset);
  return {next == files_.begin() ? no_file : *std::prev(next), next == files_.end() ? no_file : *next};
}

IoResult<std::optional<SpoolMark>> Spool::take(SpoolMark mark, Position durable, std::size_t bytes, std::string& text) {
  constexpr std::size_t usual_bytes = std::size_t{128} * 1024;
  const std::uint64_t written = written_.load();
  SpoolMark at = mark;
  std::size_t wanted = usual_bytes;
  while (at.offset < written && text.size() < bytes) {
    const auto [begin, next] = file_of(at.offset);
    if (begin != taking_offset_) {
      auto file = directory_.open(file_name(begin));
      if (!file) return std::unexpected(file.error());
      taking_ = std::move(*file);
      taking_offset_ = begin;
    }
    const std::uint64_t end = std::min(next, written);
    const auto block = read_some(*taking_, at.offset - begin, std::min<std::uint64_t>(wanted, end - at.offset));
    if (!block) return std::unexpected(block.error());
    std::string_view rest = *block;
    while (!rest.empty() && text.size() < bytes) {
      const auto record = record_at(rest, seed_);
      if (!record) break;
      if (record->position > durable) return at.offset == mark.offset ? std::nullopt : std::optional(at);
      if (record->position > mark.position) text.append(record->text);
      at = {.offset = at.offset + record->size(), .position = std::max(record->position, at.position)};
      rest.remove_prefix(record->size());
    }
    if (rest.size() < block->size()) {
      wanted = usual_bytes;  // It went on.
      continue;
    }
    const std::size_t size = std::max(size_of_record(rest), header_bytes);
    if (size <= rest.size() || size > end - at.offset) {
      return std::unexpected(IoError{.operation = "read", .file = file_name(begin), .number = EIO});
    }
    wanted = size;
  }
  return at.offset == mark.offset ? std::nullopt : std::optional(at);
}

void Spool::taken(SpoolMark mark) {
  taken_ = mark.offset;
  while (true) {
    std::uint64_t first = 0;
    {
      const std::lock_guard lock(mutex_);
      if (files_.size() < 2 || files_[1] > mark.offset) return;
      first = files_.front();
      files_.erase(files_.begin());
    }
    if (first == taking_offset_) {
      taking_.reset();
      taking_offset_ = no_file;
    }
    if (const IoStatus removed = directory_.remove(file_name(first)); !removed) return fail(removed.error().text());
  }
}

}  // namespace tallyho
