#pragma once

#include <atomic>
#include <condition_variable>
#include <cstdint>
#include <deque>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "absl/container/flat_hash_map.h"
#include "base/problem.h"
#include "base/symbols.h"
#include "log/file_system.h"
#include "server/ledger_entry.h"

namespace tallyho {

// Why players have the points they have: one entry for each event and adjustment that counted, in files beside the log,
// each with the place of the same player's entry before it. Where each player's newest is, is all that is in memory.
//
//     auto ledger = Ledger::open(std::move(directory), log.identity(), log.last(), {}, warn);
//     replay(…, [&](auto& one) { ledger->add(symbol, entry_of(one)); });   // what it has already is not written again
//     ledger->settle(engine.symbols());
//     … add(), hand_over() as events come …
//     page = ledger->read("ada", ledger->newest(symbol), 100);
//
// It is a copy of what a replay of the log would tell, so it needs no sync and no promise: an entry that a crash took
// is written again when the log is replayed, and one for a position that the log lost is cut off when it is opened. A
// disk that cannot keep up (64 MiB waiting) or fails ends it until the next start, and never holds up the engine.
//
// The entries of a player who was forgotten are written over, once the record that did it is durable; should the
// process end before, when it is opened again. A page that the disk wrote only half would cut off all that is behind
// it, so which they are is made durable before, in a file `ledger-erasing`, and done again where that is found.
//
// Files are called ledger-OFFSET and have `segment_bytes`; offsets count over all of them, and no entry is in two.
//
// Threads: add(), forget(), erase(), hand_over(), newest(), settle() belong to the engine thread (or to the one that
// replays, before that runs); a thread of its own writes; read() is for any. Memory: 8 bytes for each symbol, of which
// players are some; and what waits to be written.
class Ledger {
 public:
  struct Options {
    std::uint64_t segment_bytes = std::uint64_t{64} << 20;
    std::size_t waiting_bytes_max = std::size_t{64} << 20;
  };
  using Warn = std::function<void(std::string_view)>;

  // Reads what is there, as far as it is whole, of this log, and not behind its `last` position; the rest is cut off.
  // Errors: of reading and writing.
  static IoResult<std::unique_ptr<Ledger>> open(std::unique_ptr<LogDirectory> directory, const std::string& identity,
                                                Position last, Options options, Warn warn);
  // Takes its files away: the next replay writes it anew. For whoever changes what a replay comes to.
  static IoStatus discard(LogDirectory& directory);
  // Writes what is left.
  ~Ledger();
  Ledger(const Ledger&) = delete;
  Ledger& operator=(const Ledger&) = delete;

  // Enters what `player` came to, `entry.before` aside. Nothing if it is there already. O(entry), and writes nothing.
  void add(Symbol player, LedgerEntry entry);
  // From `position` on, the player has no entries.
  void forget(Symbol player, std::string_view name, Position position);
  // Everything up to here is durable: has the writer erase entries of those who were forgotten by then.
  void erase(Position durable);
  // Once all of the log has been replayed: what was found in the files belongs to these symbols.
  void settle(const SymbolTable& symbols);
  // Gives what was entered so far to the writer, if it is much or `now_is_quiet`; read() then sees it.
  void hand_over(bool now_is_quiet);

  // Returns once the writer has not much left to do: for whoever enters faster than a disk writes, and may wait.
  void keep_pace();

  // Where the player's newest entry is; 0: it has none.
  std::uint64_t newest(Symbol player) const { return player < newest_.size() ? newest_[player] : 0; }
  // Up to which position entries were found when it was opened.
  Position found_through() const { return found_through_; }
  // What it keeps of all symbols, beside what waits to be written; until settle() also the names that it found.
  std::size_t memory_bytes() const {
    return newest_.capacity() * sizeof(newest_[0]) +
           found_.capacity() * (1 + sizeof(std::string) + sizeof(std::uint64_t));
  }
  bool is_complete() const { return !has_failed_.load(); }

  // {"player":…,"entries":[…],"cursor":…}: up to `limit` entries of `player` from the one at `offset` back; `cursor`,
  // if there are more, says where to go on; who made adjustments is there only if it is `is_with_by`.
  // Errors: invalid_argument (no entry of that player is there), unavailable (it cannot be read).
  Answered<std::string> read(std::string_view player, std::uint64_t offset, std::uint32_t limit,
                             bool is_with_by = false) const;

 private:
  struct Chunk {
    std::uint64_t offset = 0;  // Of its first byte.
    std::string bytes;
    std::uint64_t erased_from = 0;  // No bytes, but a player's newest entry: it and those before it are to be erased.
    std::uint64_t end() const { return offset + bytes.size(); }
  };

  Ledger(std::unique_ptr<LogDirectory> directory, const std::string& identity, Options options, Warn warn);
  IoStatus find_entries(Position last);
  IoResult<bool> find_entries(const std::string& name, std::uint64_t end_before, Position last);
  void learn(const LedgerEntry& entry, std::uint64_t offset);
  IoStatus cut(const std::vector<std::string>& names);
  std::uint64_t take_newest(Symbol player, std::string_view name);
  std::uint64_t enter(const LedgerEntry& entry);
  std::string header(std::uint64_t offset, std::optional<std::uint64_t> end_before) const;
  void write();
  IoStatus write(const Chunk& chunk);
  struct Erasable {
    std::uint64_t offset = 0;
    std::size_t size = 0;
    Position position = 0;
    Timestamp at;
  };
  IoStatus erase_entries(std::uint64_t newest);
  std::vector<Erasable> entries_back_from(std::uint64_t newest) const;
  IoStatus erase_again();
  IoStatus write_over(std::span<const Erasable> entries);
  void fail(const std::string& why);
  bool copy_entry(std::uint64_t offset, std::string& bytes) const;
  bool copy_waiting(std::uint64_t offset, std::string& bytes) const;

  const std::unique_ptr<LogDirectory> directory_;
  const std::string identity_;
  const std::uint32_t seed_;
  const Options options_;
  const Warn warn_;

  // The engine thread's.
  std::vector<std::uint64_t> newest_;                      // By symbol.
  absl::flat_hash_map<std::string, std::uint64_t> found_;  // By name, until settle(): found in the files.
  struct Forgotten {
    Position position = 0;
    std::uint64_t newest = 0;
  };
  std::vector<Forgotten> forgotten_;  // Their entries are still there.
  Position found_through_ = 0;
  std::uint64_t next_ = 0;  // Where the next entry goes, if it fits there.
  std::shared_ptr<Chunk> filling_;

  mutable std::mutex mutex_;  // Guards what follows.
  std::condition_variable changed_;
  std::deque<std::shared_ptr<const Chunk>> waiting_;  // By offset; the first may be on its way to the disk.
  std::size_t waiting_bytes_ = 0;
  bool is_stopping_ = false;

  // The writer's.
  std::unique_ptr<LogFile> file_;
  std::uint64_t file_offset_ = ~std::uint64_t{0};

  std::atomic<bool> has_failed_{false};  // Set by either thread, seen by both.
  std::thread writer_;
};

}  // namespace tallyho
