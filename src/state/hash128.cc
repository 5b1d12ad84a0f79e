#include "state/hash128.h"

#include "fmt/format.h"
#include "xxhash.h"

namespace tallyho {

std::string Hash128::to_hex() const {
  return fmt::format("{:016x}{:016x}", high, low);
}

Hash128 hash_bytes(std::string_view bytes) {
  const XXH128_hash_t hash = XXH3_128bits(bytes.data(), bytes.size());
  return {hash.low64, hash.high64};
}

}  // namespace tallyho
