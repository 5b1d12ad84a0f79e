#include "server/token_cache.h"

#include <openssl/evp.h>

#include <utility>

namespace tallyho {

TokenCache::Key TokenCache::key_of(std::string_view token) {
  Key key{};
  unsigned int size = key.size();
  if (EVP_Digest(token.data(), token.size(), key.data(), &size, EVP_sha256(), nullptr) != 1) key = {};
  return key;
}

std::optional<Caller> TokenCache::find(std::string_view token, std::uint64_t keys_version, Timestamp now) {
  const Key key = key_of(token);
  if (key == Key{}) return std::nullopt;  // There was no memory for it: the same for all tokens.
  const std::lock_guard lock(mutex_);
  const bool is_newer = newer_.contains(key);
  Callers& half = is_newer ? newer_ : older_;
  const auto found = half.find(key);
  if (found == half.end()) return std::nullopt;
  const Grant& grant = found->second.grant;
  if (grant.keys_version != keys_version || now >= grant.ends) {
    half.erase(found);
    return std::nullopt;
  }
  Caller caller = found->second;
  if (!is_newer) {
    half.erase(found);
    enter(key, caller);
  }
  return caller;
}

void TokenCache::enter(std::string_view token, const Caller& caller) {
  const Key key = key_of(token);
  if (key == Key{}) return;
  const std::lock_guard lock(mutex_);
  enter(key, caller);
}

void TokenCache::enter(const Key& key, const Caller& caller) {
  if (newer_.size() >= tokens_max / 2) older_ = std::exchange(newer_, {});
  newer_.insert_or_assign(key, caller);
}

std::size_t TokenCache::size() const {
  const std::lock_guard lock(mutex_);
  return newer_.size() + older_.size();
}

}  // namespace tallyho
