#pragma once

#include <chrono>
#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "server/auth.h"

namespace tallyho {

// Tickets: what a page shows where it can't send a header with its token, as with Server-Sent Events. It has one from
// POST /v1/tickets, where it can; the address that it then asks for may end up in a log of some proxy, but the ticket
// in it was good once, and for half a minute.
//
// Threads: any; there is a lock, and no event's path leads here. Memory: at most tickets_max tickets.
class Tickets {
 public:
  static constexpr std::size_t tickets_max = 100'000;
  static constexpr std::chrono::seconds lifetime{30};

  // A new ticket, which stands for `caller`. Nothing if there are too many: overloaded.
  std::optional<std::string> issue(Caller caller, Timestamp now);

  // Who had it, once. Nothing: there is no such ticket (any more), or what it stands for has ended.
  std::optional<Caller> redeem(std::string_view ticket, const Authority& authority, Timestamp now);

 private:
  struct Issued {
    Caller caller;
    Timestamp ends;
  };
  void forget_old(Timestamp now);

  std::mutex mutex_;
  absl::flat_hash_map<std::string, Issued> issued_;
};

}  // namespace tallyho
