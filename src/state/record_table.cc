#include "state/record_table.h"

#include <utility>

#include "state/record_layout.h"

namespace tallyho {

constexpr std::size_t page_bytes = 64 * 1024;

RecordTable::RecordTable(std::vector<std::byte> blank) : blank_(std::move(blank)) {
  while ((blank_.size() << (page_shift_ + 1)) <= page_bytes) ++page_shift_;
}

RecordTable::Page RecordTable::make_page() const {
  const std::size_t bytes = (blank_.size() << page_shift_) + slack_bytes;
  return Page(static_cast<std::byte*>(::operator new[](bytes, page_alignment)));
}

Record RecordTable::create(Symbol key) {
  if (size_ == pages_.size() << page_shift_) pages_.push_back(make_page());
  const std::size_t page = key / index_page_symbols;
  if (page >= index_.size()) index_.resize(page + 1);
  if (index_[page] == nullptr) {
    index_[page] = std::make_unique<IndexPage>();
    ++index_pages_;
  }
  const Record created = record(size_);
  std::memcpy(created, blank_.data(), blank_.size());
  store(created, RecordLayout::key_offset, key);
  ++size_;
  (*index_[page])[key % index_page_symbols] = static_cast<std::uint32_t>(size_);
  return created;
}

void RecordTable::erase_newest() {
  --size_;
  const Symbol newest = key(record(size_));
  (*index_[newest / index_page_symbols])[newest % index_page_symbols] = 0;
}

void RecordTable::erase(Symbol key) {
  std::uint32_t& entry = (*index_[key / index_page_symbols])[key % index_page_symbols];
  const Record hole = record(entry - 1);
  const Record newest = record(size_ - 1);
  const Symbol moved = this->key(newest);
  if (moved != key) {
    std::memcpy(hole, newest, blank_.size());
    (*index_[moved / index_page_symbols])[moved % index_page_symbols] = entry;
  }
  entry = 0;
  --size_;
}

std::size_t RecordTable::memory_bytes() const {
  return pages_.size() * ((blank_.size() << page_shift_) + slack_bytes) + index_.capacity() * sizeof(index_[0]) +
         index_pages_ * sizeof(IndexPage);
}

}  // namespace tallyho
