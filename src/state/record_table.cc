#include "state/record_table.h"

namespace tallyho {

Record RecordTable::create(Symbol key) {
  const std::size_t page = key / index_page_symbols;
  if (page >= index_.size()) index_.resize(page + 1);
  if (index_[page] == nullptr) {
    index_[page] = std::make_unique<IndexPage>();
    ++index_pages_;
  }
  const Record created = records_.append(key);
  (*index_[page])[key % index_page_symbols] = static_cast<std::uint32_t>(size());
  return created;
}

void RecordTable::erase_newest() {
  const Symbol newest = key(record(size() - 1));
  (*index_[newest / index_page_symbols])[newest % index_page_symbols] = 0;
  records_.erase_newest();
}

void RecordTable::erase(Symbol key) {
  std::uint32_t& entry = (*index_[key / index_page_symbols])[key % index_page_symbols];
  const Symbol moved = records_.erase(entry - 1);
  if (moved != no_symbol) (*index_[moved / index_page_symbols])[moved % index_page_symbols] = entry;
  entry = 0;
}

std::size_t RecordTable::memory_bytes() const {
  return records_.memory_bytes() + index_.capacity() * sizeof(index_[0]) + index_pages_ * sizeof(IndexPage);
}

}  // namespace tallyho
