#include "server/ledger.h"

#include <algorithm>
#include <cerrno>
#include <charconv>
#include <sstream>
#include <utility>

#include "base/json.h"
#include "base/thread_name.h"
#include "fmt/format.h"
#include "log/frame.h"
#include "log/whole_file.h"

namespace tallyho {
namespace {

constexpr std::string_view prefix = "ledger-";
constexpr std::string_view journal_name = "ledger-erasing";
constexpr std::string_view new_journal_name = "ledger-erasing.new";
constexpr std::string_view magic = "TALLYLED";
constexpr std::size_t header_bytes = 64;
constexpr std::size_t chunk_bytes = std::size_t{256} * 1024;

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

absl::string_view key(std::string_view name) {
  return {name.data(), name.size()};
}

IoResult<std::string> read_all(LogFile& file) {
  const auto size = file.size();
  if (!size) return std::unexpected(size.error());
  std::string bytes(*size, '\0');
  const auto count = file.read(0, std::as_writable_bytes(std::span(bytes)));
  if (!count) return std::unexpected(count.error());
  bytes.resize(*count);
  return bytes;
}

}  // namespace

Ledger::Ledger(std::unique_ptr<LogDirectory> directory, const std::string& identity, Options options, Warn warn)
    : directory_(std::move(directory)),
      identity_(identity),
      seed_(ledger_seed(identity)),
      options_(options),
      warn_(std::move(warn)),
      filling_(std::make_shared<Chunk>()) {}

IoResult<std::unique_ptr<Ledger>> Ledger::open(std::unique_ptr<LogDirectory> directory, const std::string& identity,
                                               Position last, Options options, Warn warn) {
  std::unique_ptr<Ledger> ledger(new Ledger(std::move(directory), identity, options, std::move(warn)));
  if (const IoStatus erased = ledger->erase_again(); !erased) return std::unexpected(erased.error());
  if (const IoStatus found = ledger->find_entries(last); !found) return std::unexpected(found.error());
  for (const Forgotten& one : std::exchange(ledger->forgotten_, {})) {
    if (const IoStatus erased = ledger->erase_entries(one.newest); !erased) return std::unexpected(erased.error());
  }
  ledger->writer_ = std::thread([self = ledger.get()] { self->write(); });
  return ledger;
}

IoStatus Ledger::discard(LogDirectory& directory) {
  const auto names = directory.list();
  if (!names) return std::unexpected(names.error());
  for (const std::string& name : *names) {
    if (!offset_of(name) && name != journal_name) continue;
    if (const IoStatus removed = directory.remove(name); !removed) return removed;
  }
  return directory.sync_names();
}

Ledger::~Ledger() {
  if (!writer_.joinable()) return;  // Never opened.
  hand_over(true);
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  changed_.notify_all();
  writer_.join();
}

// A file begins with "TALLYLED", its offset, the segments' size, and where the entries of the file before it end: one
// that was cut short there is no whole one. Version 0.1.0 did not say that. The log's identity is in the CRC.
std::string Ledger::header(std::uint64_t offset, std::optional<std::uint64_t> end_before) const {
  std::string header = fmt::format("{}{:020}{:010}", magic, offset, options_.segment_bytes);
  if (end_before) header += fmt::format("{:020}", *end_before);
  header.resize(header_bytes - sizeof(std::uint32_t), ' ');
  const std::uint32_t crc = crc32c(seed_, bytes_of(header));
  for (std::size_t i = 0; i < sizeof(crc); ++i) header += static_cast<char>(crc >> (8 * i));
  return header;
}

IoStatus Ledger::find_entries(Position last) {
  const auto names = directory_->list();
  if (!names) return std::unexpected(names.error());
  std::vector<std::string> files;
  std::ranges::copy_if(*names, std::back_inserter(files), [](const auto& name) { return offset_of(name).has_value(); });
  for (const std::string& name : files) {
    // The next file begins where this one's room ends.
    const std::uint64_t begin = (next_ + options_.segment_bytes - 1) / options_.segment_bytes * options_.segment_bytes;
    if (*offset_of(name) != begin) break;
    const std::uint64_t end_before = std::exchange(next_, begin);
    const auto goes_on = find_entries(name, end_before, last);
    if (!goes_on) return std::unexpected(goes_on.error());
    if (!*goes_on) break;
  }
  return cut(files);
}

// False: this one was not used up to its end, so that there is nothing behind it.
IoResult<bool> Ledger::find_entries(const std::string& name, std::uint64_t end_before, Position last) {
  const auto file = directory_->open(name);
  if (!file) return std::unexpected(file.error());
  const auto bytes = read_all(**file);
  if (!bytes) return std::unexpected(bytes.error());
  const std::uint64_t begin = next_;
  if (!bytes->starts_with(header(begin, end_before)) && !bytes->starts_with(header(begin, std::nullopt))) {
    next_ = end_before;
    return false;
  }
  next_ += header_bytes;
  std::vector<LedgerRule> rules;
  while (true) {
    const auto rest = bytes_of(std::string_view(*bytes).substr(std::min(next_ - begin, bytes->size())));
    const auto entry = decode_entry(rest, seed_, rules);
    if (!entry) return std::ranges::all_of(rest, [](std::byte byte) { return byte == std::byte{0}; });
    if (entry->position > last || entry->position < found_through_) return false;
    learn(*entry, next_);
    next_ += *ledger_entry_size(rest);
  }
}

void Ledger::learn(const LedgerEntry& entry, std::uint64_t offset) {
  found_through_ = entry.position;
  if (entry.kind == LedgerEntry::Kind::scored) found_[key(entry.player)] = offset;
  if (entry.kind != LedgerEntry::Kind::forgotten) return;
  const auto found = found_.find(key(entry.player));
  if (found == found_.end()) return;
  forgotten_.push_back({entry.position, found->second});
  found_.erase(found);
}

// Nothing stays behind next_ that could be taken for an entry later.
IoStatus Ledger::cut(const std::vector<std::string>& names) {
  const std::uint64_t segment = next_ / options_.segment_bytes * options_.segment_bytes;
  for (const std::string& name : names) {
    const std::uint64_t begin = *offset_of(name);
    if (begin >= next_ || begin % options_.segment_bytes != 0) {
      if (const IoStatus removed = directory_->remove(name); !removed) return removed;
    } else if (begin == segment) {
      const auto file = directory_->open(name);
      if (!file) return std::unexpected(file.error());
      const auto size = (*file)->size();
      if (!size) return std::unexpected(size.error());
      const std::vector<std::byte> zeros(*size > next_ - begin ? *size - (next_ - begin) : 0);
      if (const IoStatus written = (*file)->write(next_ - begin, zeros); !written) return written;
    }
  }
  return {};
}

std::uint64_t Ledger::take_newest(Symbol player, std::string_view name) {
  if (newest_.size() <= player) newest_.resize(std::max<std::size_t>(player + std::size_t{1}, newest_.size() * 2));
  std::uint64_t newest = newest_[player];
  if (newest == 0 && !found_.empty()) {
    if (const auto found = found_.find(key(name)); found != found_.end()) newest = found->second;
  }
  return newest;
}

void Ledger::add(Symbol player, LedgerEntry entry) {
  if (entry.position <= found_through_ || !is_complete()) return;
  entry.before = take_newest(player, entry.player);
  newest_[player] = enter(entry);
}

void Ledger::forget(Symbol player, std::string_view name, Position position) {
  if (position <= found_through_ || !is_complete()) return;
  if (const std::uint64_t newest = take_newest(player, name); newest != 0) forgotten_.push_back({position, newest});
  found_.erase(key(name));
  newest_[player] = 0;
  enter({.kind = LedgerEntry::Kind::forgotten, .position = position, .at = {}, .player = name, .id = {}, .type = {}});
}

void Ledger::erase(Position durable) {
  if (forgotten_.empty() || forgotten_.front().position > durable) return;
  hand_over(true);  // What is erased has to be written before.
  const auto later = std::ranges::upper_bound(forgotten_, durable, {}, &Forgotten::position);
  const std::lock_guard lock(mutex_);
  for (auto one = forgotten_.begin(); one != later; ++one) {
    waiting_.push_back(std::make_shared<Chunk>(Chunk{.offset = 0, .bytes = {}, .erased_from = one->newest}));
  }
  forgotten_.erase(forgotten_.begin(), later);
  changed_.notify_all();
}

void Ledger::settle(const SymbolTable& symbols) {
  for (const auto& [name, offset] : found_) {  // Each to its own place: the order does not matter.
    const auto symbol = symbols.find(name);
    if (symbol && take_newest(*symbol, name) == offset) newest_[*symbol] = offset;
  }
  found_ = {};
}

// Returns where the entry is.
std::uint64_t Ledger::enter(const LedgerEntry& entry) {
  std::string& bytes = filling_->bytes;
  if (bytes.empty()) filling_->offset = next_;
  const std::size_t before = bytes.size();
  append_entry(bytes, entry, seed_);
  const std::size_t size = bytes.size() - before;
  const std::uint64_t segment = next_ / options_.segment_bytes;
  const bool is_new = next_ % options_.segment_bytes == 0;
  if (is_new || (next_ + size - 1) / options_.segment_bytes != segment) {
    // It goes to the front of another file, behind the header.
    const std::string moved = bytes.substr(before);
    bytes.resize(before);
    hand_over(true);
    const std::uint64_t end_before = next_;
    if (!is_new) next_ = (segment + 1) * options_.segment_bytes;
    filling_->offset = next_;
    filling_->bytes = header(next_, end_before) + moved;
    next_ += header_bytes;
  }
  const std::uint64_t offset = next_;
  next_ += size;
  return offset;
}

void Ledger::hand_over(bool now_is_quiet) {
  if (filling_->bytes.empty() || (filling_->bytes.size() < chunk_bytes && !now_is_quiet)) return;
  if (!is_complete()) return filling_->bytes.clear();
  std::unique_lock lock(mutex_);
  if (waiting_bytes_ + filling_->bytes.size() > options_.waiting_bytes_max) {
    lock.unlock();
    return fail("the disk can't keep up");
  }
  waiting_bytes_ += filling_->bytes.size();
  waiting_.push_back(std::exchange(filling_, std::make_shared<Chunk>()));
  filling_->bytes.reserve(chunk_bytes + ledger_entry_bytes_max);
  changed_.notify_all();
}

void Ledger::keep_pace() {
  if (!filling_->bytes.empty()) return;  // Nothing was handed over just now.
  std::unique_lock lock(mutex_);
  changed_.wait(lock, [this] { return waiting_bytes_ <= options_.waiting_bytes_max / 2 || !is_complete(); });
}

// The writing thread.
void Ledger::write() {
  name_thread("ledger");
  std::unique_lock lock(mutex_);
  while (true) {
    changed_.wait(lock, [this] { return !waiting_.empty() || is_stopping_; });
    if (waiting_.empty()) return;
    const std::shared_ptr<const Chunk> chunk = waiting_.front();
    lock.unlock();
    if (is_complete()) {
      const IoStatus done = chunk->erased_from != 0 ? erase_entries(chunk->erased_from) : write(*chunk);
      if (!done) fail(done.error().text());
    }
    lock.lock();
    waiting_.pop_front();
    waiting_bytes_ -= chunk->bytes.size();
    changed_.notify_all();
  }
}

IoStatus Ledger::write(const Chunk& chunk) {
  const std::uint64_t begin = chunk.offset / options_.segment_bytes * options_.segment_bytes;
  if (begin != file_offset_) {
    auto file = chunk.offset == begin ? directory_->create(file_name(begin)) : directory_->open(file_name(begin));
    if (!file) return std::unexpected(file.error());
    file_ = std::move(*file);
    file_offset_ = begin;
  }
  return file_->write(chunk.offset - begin, bytes_of(chunk.bytes));
}

std::vector<Ledger::Erasable> Ledger::entries_back_from(std::uint64_t newest) const {
  std::vector<Erasable> entries;
  std::string bytes, player;
  std::vector<LedgerRule> rules;
  for (std::uint64_t offset = newest; offset != 0 && copy_entry(offset, bytes);) {
    const auto entry = decode_entry(bytes_of(bytes), seed_, rules);
    if (!entry || entry->kind != LedgerEntry::Kind::scored) break;
    if (offset == newest) player = entry->player;
    if (entry->player != player) break;
    entries.push_back({.offset = offset, .size = bytes.size(), .position = entry->position, .at = entry->at});
    offset = entry->before;
  }
  return entries;
}

IoStatus Ledger::erase_entries(std::uint64_t newest) {
  const std::vector<Erasable> entries = entries_back_from(newest);
  if (entries.empty()) return {};
  std::string journal;
  for (const Erasable& one : entries) {
    journal += fmt::format("{} {} {} {} {}\n", one.offset, one.size, one.position, one.at.seconds, one.at.nanos);
  }
  journal += fmt::format("{}\n", crc32c(seed_, bytes_of(journal)));
  const IoStatus noted = replace_file(*directory_, journal_name, new_journal_name, bytes_of(journal));
  return noted ? write_over(entries) : noted;
}

// What the last process was at when it ended. Nothing was begun with by one that is not whole.
IoStatus Ledger::erase_again() {
  const auto read = read_file(*directory_, journal_name);
  if (!read && read.error().number == ENOENT) return {};
  if (!read) return std::unexpected(read.error());
  const std::string journal(reinterpret_cast<const char*>(read->data()), read->size());
  const std::size_t end = journal.size() < 2 ? 0 : journal.rfind('\n', journal.size() - 2) + 1;
  std::uint32_t crc = 0;
  if (!(std::istringstream(journal.substr(end)) >> crc) || crc != crc32c(seed_, bytes_of(journal.substr(0, end)))) {
    return directory_->remove(journal_name);
  }
  std::istringstream lines(journal.substr(0, end));
  std::vector<Erasable> entries;
  Erasable one;
  while (lines >> one.offset >> one.size >> one.position >> one.at.seconds >> one.at.nanos) entries.push_back(one);
  return write_over(entries);
}

// They go from the newest back, so file by file.
IoStatus Ledger::write_over(std::span<const Erasable> entries) {
  std::unique_ptr<LogFile> file;
  std::uint64_t file_offset = ~std::uint64_t{0};
  for (const Erasable& one : entries) {
    const std::uint64_t begin = one.offset / options_.segment_bytes * options_.segment_bytes;
    if (begin != file_offset) {
      const IoStatus synced = file == nullptr ? IoStatus() : file->sync();
      if (!synced) return synced;
      auto opened = directory_->open(file_name(begin));
      if (!opened && opened.error().number == ENOENT) continue;  // It was lost, and is written anew from the log.
      if (!opened) return std::unexpected(opened.error());
      file = std::move(*opened);
      file_offset = begin;
    }
    const std::string nothing = erased_entry(one.position, one.at, one.size, seed_);
    if (const IoStatus written = file->write(one.offset - begin, bytes_of(nothing)); !written) return written;
  }
  IoStatus status = file == nullptr ? IoStatus() : file->sync();
  if (status) status = directory_->remove(journal_name);
  if (status) status = directory_->sync_names();
  return status;
}

void Ledger::fail(const std::string& why) {
  if (has_failed_.exchange(true)) return;
  warn_("the ledger has ended: " + why + "; it is completed from the log when the server starts again");
}

// False: it is not among those that wait.
bool Ledger::copy_waiting(std::uint64_t offset, std::string& bytes) const {
  const std::lock_guard lock(mutex_);
  for (const auto& chunk : waiting_) {
    if (offset < chunk->offset || offset >= chunk->end()) continue;
    const auto rest = std::string_view(chunk->bytes).substr(offset - chunk->offset);
    const auto size = ledger_entry_size(bytes_of(rest));
    bytes = rest.substr(0, size.value_or(0));
    return true;
  }
  return false;
}

bool Ledger::copy_entry(std::uint64_t offset, std::string& bytes) const {
  if (copy_waiting(offset, bytes)) return true;
  const std::uint64_t begin = offset / options_.segment_bytes * options_.segment_bytes;
  const auto file = directory_->open(file_name(begin));
  if (!file) return false;
  constexpr std::size_t usual_bytes = 512;
  bytes.resize(usual_bytes);
  for (int reads = 0; reads < 2; ++reads) {
    const auto count = (*file)->read(offset - begin, std::as_writable_bytes(std::span(bytes)));
    if (!count) return false;
    const auto size = ledger_entry_size(bytes_of(std::string_view(bytes).substr(0, *count)));
    if (!size) return false;
    const bool is_whole = *size <= *count;
    bytes.resize(*size);
    if (is_whole) return true;
  }
  return false;
}

Answered<std::string> Ledger::read(std::string_view player, std::uint64_t offset, std::uint32_t limit,
                                   bool is_with_by) const {
  std::string out;
  JsonWriter json(out);
  json.object().key("player").text(player).key("entries").array();
  std::string bytes;
  std::vector<LedgerRule> rules;
  for (std::uint32_t i = 0; i < limit && offset != 0; ++i) {
    const bool is_read = copy_entry(offset, bytes);
    const auto entry = is_read ? decode_entry(bytes_of(bytes), seed_, rules) : std::nullopt;
    if (!entry && i > 0) return refuse(Code::unavailable, "the ledger cannot be read");
    if (!entry || entry->player != player || entry->kind != LedgerEntry::Kind::scored) {
      return refuse(Code::invalid_argument, "'cursor' is not one of this player's");
    }
    append_json(json, *entry, is_with_by);
    offset = entry->before;
  }
  json.end();
  if (offset != 0) json.key("cursor").text(std::to_string(offset));
  json.end();
  return out;
}

}  // namespace tallyho
