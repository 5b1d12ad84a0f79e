#include "server/tickets.h"

#include <utility>

#include "token/random_text.h"

namespace tallyho {

std::optional<std::string> Tickets::issue(Caller caller, Timestamp now) {
  const auto ticket = random_text();
  const std::lock_guard lock(mutex_);
  if (issued_.size() >= tickets_max) forget_old(now);
  if (!ticket || issued_.size() >= tickets_max) return std::nullopt;
  issued_.insert_or_assign(*ticket,
                           Issued{.caller = std::move(caller), .ends = {now.seconds + lifetime.count(), now.nanos}});
  return *ticket;
}

std::optional<Caller> Tickets::redeem(std::string_view ticket, const Authority& authority, Timestamp now) {
  const std::lock_guard lock(mutex_);
  const auto found = issued_.find(std::string(ticket));
  if (found == issued_.end()) return std::nullopt;
  Issued issued = std::move(found->second);
  issued_.erase(found);
  if (now >= issued.ends || !authority.holds(issued.caller.grant, now)) return std::nullopt;
  return std::move(issued.caller);
}

void Tickets::forget_old(Timestamp now) {
  absl::erase_if(issued_, [&](const auto& one) { return now >= one.second.ends; });
}

}  // namespace tallyho
