#include "state/record_pages.h"

#include <utility>

namespace tallyho {

constexpr std::size_t page_bytes = std::size_t{64} * 1024;

RecordPages::RecordPages(std::vector<std::byte> blank) : blank_(std::move(blank)), record_bytes_(blank_.size()) {
  while ((blank_.size() << (page_shift_ + 1)) <= page_bytes) ++page_shift_;
}

RecordPages::Page RecordPages::make_page() const {
  const std::size_t bytes = blank_.size() << page_shift_;
  return Page(static_cast<std::byte*>(::operator new[](bytes, page_alignment)));
}

Record RecordPages::append(Symbol key) {
  if (size_ == pages_.size() << page_shift_) pages_.push_back(make_page());
  const Record created = record(size_);
  std::memcpy(created, blank_.data(), blank_.size());
  store(created, 0, key);
  ++size_;
  return created;
}

Symbol RecordPages::erase(std::size_t number) {
  --size_;
  if (number == size_) return no_symbol;
  std::memcpy(record(number), record(size_), blank_.size());
  return key(record(number));
}

}  // namespace tallyho
