#include "load/histogram.h"

#include <algorithm>
#include <cmath>

namespace tallyho {

std::uint64_t Histogram::last_of(std::size_t bucket) noexcept {
  if (bucket < 2 * per_power) return bucket;
  const std::size_t shift = bucket / per_power - 1;
  const std::uint64_t first = (bucket - shift * per_power) << shift;
  return first + ((std::uint64_t{1} << shift) - 1);
}

std::uint64_t Histogram::percentile(double percent) const noexcept {
  if (total_ == 0) return 0;
  const double wanted = std::ceil(std::clamp(percent, 0.0, 100.0) / 100.0 * static_cast<double>(total_));
  const auto needed = std::clamp<std::uint64_t>(static_cast<std::uint64_t>(wanted), 1, total_);
  std::uint64_t seen = 0;
  for (std::size_t bucket = 0; bucket < bucket_count; ++bucket) {
    seen += counts_[bucket];
    if (seen >= needed) return std::min(last_of(bucket), max_);
  }
  return max_;
}

}  // namespace tallyho
