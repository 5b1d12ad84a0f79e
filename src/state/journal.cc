#include "state/journal.h"

namespace tallyho {

void Journal::record_created(RecordTable& table) {
  add(Change::What::record, &table);
}

void Journal::annex_created(RecordPages& annexes) {
  add(Change::What::annex, &annexes);
}

void Journal::set_created(Pool<SetState>& pool) {
  add(Change::What::set, &pool);
}

void Journal::window_created(Pool<WindowState>& pool) {
  add(Change::What::window, &pool);
}

void Journal::set_added(SetState& set, Symbol dropped) {
  add(Change::What::set_member, &set).dropped = dropped;
}

void Journal::window_added(WindowState& window, Timestamp time, const WindowState::Added& added) {
  add(Change::What::window_time, &window);
  window_changes_.push_back({time, added});
}

void Journal::undo(const Change& change) {
  switch (change.what) {
    case Change::What::bytes: std::memcpy(change.target, change.old.data(), change.size); break;
    case Change::What::record: static_cast<RecordTable*>(change.target)->erase_newest(); break;
    case Change::What::annex: static_cast<RecordPages*>(change.target)->erase_newest(); break;
    case Change::What::set: static_cast<Pool<SetState>*>(change.target)->pop(); break;
    case Change::What::window: static_cast<Pool<WindowState>*>(change.target)->pop(); break;
    case Change::What::set_member: static_cast<SetState*>(change.target)->undo_add(change.dropped); break;
    case Change::What::window_time: {
      const WindowChange& window = window_changes_.back();
      static_cast<WindowState*>(change.target)->undo_add(window.time, window.added);
      window_changes_.pop_back();
      break;
    }
  }
}

void Journal::roll_back() {
  while (count_ > 0) undo(changes_[--count_]);
  symbols_.truncate(symbols_before_);
}

}  // namespace tallyho
