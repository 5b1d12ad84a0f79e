#include "server/admission.h"

#include <arpa/inet.h>

#include <algorithm>
#include <array>

namespace tallyho {
namespace {

constexpr char counted_in_all = 'a';
constexpr char counted_by_address_only = 'f';

// What stands for the address when connections are counted; "" for one that is not counted.
std::string key_of(std::string_view text) {
  const std::string address(text.substr(0, text.find('%')));  // Without a zone.
  std::array<unsigned char, 16> bytes{};
  if (inet_pton(AF_INET, address.c_str(), bytes.data()) == 1) {
    return bytes[0] == 127 ? "" : std::string(reinterpret_cast<const char*>(bytes.data()), 4);
  }
  if (inet_pton(AF_INET6, address.c_str(), bytes.data()) != 1) return "";
  static constexpr std::array<unsigned char, 12> mapped{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};
  if (std::equal(mapped.begin(), mapped.end(), bytes.begin())) {
    return bytes[12] == 127 ? "" : std::string(reinterpret_cast<const char*>(bytes.data()) + 12, 4);
  }
  static constexpr std::array<unsigned char, 16> loopback{0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1};
  return bytes == loopback ? "" : std::string(reinterpret_cast<const char*>(bytes.data()), 8);
}

}  // namespace

Admission::Place::~Place() {
  if (admission_ != nullptr) admission_->leave(key_);
}

std::optional<Admission::Place> Admission::enter(std::string_view address) {
  return take(counted_in_all + key_of(address), true);
}

std::optional<Admission::Place> Admission::enter_forwarded(std::string_view address) {
  return take(counted_by_address_only + key_of(address), false);
}

std::optional<Admission::Place> Admission::take(std::string key, bool is_counted_in_all) {
  const std::string address = key.substr(1);
  const std::lock_guard lock(mutex_);
  if (is_counted_in_all && in_all_ >= in_all_max_) return std::nullopt;
  if (!address.empty()) {
    std::size_t& there = by_address_[address];
    if (there >= per_address_max_) return std::nullopt;
    ++there;
  }
  if (is_counted_in_all) ++in_all_;
  return Place(this, std::move(key));
}

void Admission::leave(const std::string& key) {
  const std::lock_guard lock(mutex_);
  if (key[0] == counted_in_all) --in_all_;
  const auto found = by_address_.find(key.substr(1));
  if (found != by_address_.end() && --found->second == 0) by_address_.erase(found);
}

std::string_view forwarded_address(std::string_view header) {
  const std::size_t comma = header.rfind(',');
  std::string_view last = comma == std::string_view::npos ? header : header.substr(comma + 1);
  last.remove_prefix(std::min(last.find_first_not_of(" \t"), last.size()));
  return last.substr(0, last.find_last_not_of(" \t") + 1);
}

}  // namespace tallyho
