#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <vector>

#include "base/symbols.h"
#include "state/pool.h"
#include "state/record_pages.h"
#include "state/record_table.h"
#include "state/set_state.h"
#include "state/window_state.h"

namespace tallyho {

// What an event has written so far, so that it can be taken back: all or nothing.
//
//     journal.begin();
//     journal.save<8>(record, offset);   // before writing there
//     …
//     journal.roll_back();               // everything is as it was at begin()
//
// Also the symbols that were interned since begin() are taken back, as nothing refers to them any more.
//
// Threads: the engine thread owns it. Memory: grows to the largest event's writes and stays; a warmed-up journal does
// not allocate.
class Journal {
 public:
  explicit Journal(SymbolTable& symbols) : symbols_(symbols) {}

  // Forgets what was written: it stays.
  void begin() {
    count_ = 0;
    window_changes_.clear();
    symbols_before_ = symbols_.size();
  }

  // Makes room for so many more changes: writing them down cannot fail for lack of memory then.
  void reserve(std::size_t changes) {
    if (changes_.size() < count_ + changes) changes_.resize(2 * count_ + 8 + changes);
  }
  // Before so many bytes of a record are overwritten. Not a byte more is read: what was written just before beside them
  // would have to reach the cache first.
  template <std::size_t bytes>
  void save(Record record, std::uint32_t offset) {
    static_assert(bytes <= sizeof(Change::old));
    Change& change = add(Change::What::bytes, record + offset);
    change.size = bytes;
    std::memcpy(change.old.data(), record + offset, bytes);
  }
  // After something was made or added.
  void record_created(RecordTable& table);
  void annex_created(RecordPages& annexes);
  void set_created(Pool<SetState>& pool);
  void window_created(Pool<WindowState>& pool);
  void set_added(SetState& set, Symbol dropped);
  void window_added(WindowState& window, Timestamp time, const WindowState::Added& added);

  // Takes back everything since begin(), last first.
  void roll_back();

 private:
  // Most are bytes, of which an event writes dozens: nothing here is larger than those need.
  struct Change {
    enum class What : std::uint8_t { bytes, record, annex, set, window, set_member, window_time } what = What::bytes;
    std::uint8_t size = 0;          // bytes
    Symbol dropped = no_symbol;     // set_member
    void* target = nullptr;         // The place, table, pool, set or window.
    std::array<std::byte, 16> old;  // bytes
  };
  // What a window_time is beside that, in the same order.
  struct WindowChange {
    Timestamp time;
    WindowState::Added added;
  };
  Change& add(Change::What what, void* target) {
    if (count_ == changes_.size()) changes_.resize(count_ * 2 + 8);
    Change& change = changes_[count_++];
    change.what = what;
    change.target = target;
    return change;
  }
  void undo(const Change& change);

  SymbolTable& symbols_;
  std::size_t symbols_before_ = 0;
  std::vector<Change> changes_;  // The first `count_` of them.
  std::size_t count_ = 0;
  std::vector<WindowChange> window_changes_;
};

}  // namespace tallyho
