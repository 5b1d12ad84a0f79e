#include "boards/windows.h"

namespace tallyho {

Windows::Windows(Every every, TimeZone zone, Duration length, std::uint32_t keep)
    : every_(every), zone_(zone), keep_(keep), calendar_(every, zone, length) {
  if (is_all_time()) return;
  current_ = calendar_.period(Timestamp{});
  oldest_ = calendar_.before(current_, static_cast<int>(keep_));
}

bool Windows::advance(Timestamp arrival) {
  if (is_all_time() || arrival < current_.ends) return false;
  current_ = calendar_.period(arrival);
  oldest_ = calendar_.before(current_, static_cast<int>(keep_));
  return true;
}

std::optional<Period> Windows::counting_at(Timestamp now) {
  if (is_all_time() || current_.contains(now)) return current_;
  if (now < oldest_.starts) return std::nullopt;
  return calendar_.period(now);
}

std::vector<Period> Windows::readable() const {
  std::vector<Period> periods{current_};
  if (is_all_time()) return periods;
  Calendar calendar = calendar_;
  for (std::uint32_t i = 0; i < keep_; ++i) periods.push_back(calendar.before(periods.back(), 1));
  return periods;
}

std::string Windows::name(const Period& period) const {
  if (is_all_time()) return {};
  Calendar calendar = calendar_;
  const TimeZone::Civil civil = zone_.civil(period.starts);
  Timestamp first = zone_.instant(civil.year, civil.month, civil.day, civil.hour, civil.minute, civil.second);
  first.nanos = period.starts.nanos;
  const bool is_second = first < period.starts && calendar.period(first).starts == first;
  return is_second ? calendar.name_with_offset(period) : calendar.name(period);
}

}  // namespace tallyho
