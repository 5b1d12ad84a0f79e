#pragma once

#include <cstddef>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <utility>

#include "absl/container/flat_hash_map.h"

namespace tallyho {

// Counts connections, in all and from each address, and says when there are enough of them.
//
// An address is an IPv4 address, or the first 64 bits of an IPv6 address, which is what one household has. Loopback is
// not counted: it is a proxy, or a program on this machine.
//
// Threads: any; a lock per connection that comes or goes. Memory: one entry for each address with connections.
class Admission {
 public:
  // A connection's place, given back when this goes.
  class Place {
   public:
    Place() = default;
    Place(Place&& other) noexcept : admission_(std::exchange(other.admission_, nullptr)), key_(std::move(other.key_)) {}
    Place& operator=(Place&& other) noexcept {
      std::swap(admission_, other.admission_);
      key_.swap(other.key_);
      return *this;
    }
    ~Place();

   private:
    friend class Admission;
    Place(Admission* admission, std::string key) : admission_(admission), key_(std::move(key)) {}

    Admission* admission_ = nullptr;
    std::string key_;
  };

  Admission(std::size_t in_all_max, std::size_t per_address_max)
      : in_all_max_(in_all_max), per_address_max_(per_address_max) {}

  // For a connection from `address`, as text. Nothing: there is no room for it.
  std::optional<Place> enter(std::string_view address);

  // For a connection that is counted, and turns out to come from `address` by way of a proxy. Nothing: that address has
  // enough of them.
  std::optional<Place> enter_forwarded(std::string_view address);

 private:
  std::optional<Place> take(std::string key, bool is_counted_in_all);
  void leave(const std::string& key);

  const std::size_t in_all_max_;
  const std::size_t per_address_max_;
  std::mutex mutex_;
  std::size_t in_all_ = 0;
  absl::flat_hash_map<std::string, std::size_t> by_address_;
};

// The client's address by the header X-Forwarded-For of a proxy, which has added the last one; or "".
std::string_view forwarded_address(std::string_view header);

}  // namespace tallyho
