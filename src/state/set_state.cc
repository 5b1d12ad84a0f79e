#include "state/set_state.h"

namespace tallyho {

SetState::Added SetState::add(Symbol member, std::uint32_t capacity, bool drop_oldest) {
  if (contains(member)) return {};
  Added added{.how = Added::How::added};
  if (members_.size() >= capacity) {
    if (!drop_oldest) return {.how = Added::How::full};
    added.dropped = members_.front().symbol;
    members_.pop_front();
  }
  members_.push_back({member});
  return added;
}

void SetState::undo_add(Symbol dropped) {
  members_.pop_back();
  if (dropped != no_symbol) members_.push_front({dropped});
}

}  // namespace tallyho
