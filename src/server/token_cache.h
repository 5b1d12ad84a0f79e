#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <mutex>
#include <optional>
#include <string_view>

#include "absl/container/flat_hash_map.h"
#include "server/auth.h"

namespace tallyho {

// Tokens that were believed, so that a back end that shows the same one with every request has its signature checked
// once: that takes up to a tenth of a millisecond.
//
//     if (auto caller = cache.find(token, version, now)) return *caller;
//     …verify it…
//     cache.enter(token, caller);
//
// A token is known by its SHA-256: what lies here lets nobody in. It is forgotten when it ends, when the keys become
// others, or when there are too many newer ones.
//
// Threads: any; there is a lock, held for a look into a hash map. Memory: at most tokens_max entries, some 300 bytes
// each.
class TokenCache {
 public:
  static constexpr std::size_t tokens_max = 8192;

  // Who it is by this token, if that is known, holds still, and was found out under these keys.
  std::optional<Caller> find(std::string_view token, std::uint64_t keys_version, Timestamp now);
  // A token that was verified: caller.grant says under which keys, and until when.
  void enter(std::string_view token, const Caller& caller);

  std::size_t size() const;

 private:
  using Key = std::array<unsigned char, 32>;
  using Callers = absl::flat_hash_map<Key, Caller>;

  static Key key_of(std::string_view token);
  void enter(const Key& key, const Caller& caller);

  mutable std::mutex mutex_;
  // The newer half, and the older, which goes as a whole: whoever is asked for meanwhile moves over.
  Callers newer_;
  Callers older_;
};

}  // namespace tallyho
