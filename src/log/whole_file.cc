#include "log/whole_file.h"

namespace tallyho {

IoResult<std::vector<std::byte>> read_file(LogDirectory& directory, std::string_view name) {
  const auto file = directory.open(name);
  if (!file) return std::unexpected(file.error());
  const auto size = (*file)->size();
  if (!size) return std::unexpected(size.error());
  std::vector<std::byte> bytes(*size);
  const auto count = (*file)->read(0, bytes);
  if (!count) return std::unexpected(count.error());
  bytes.resize(*count);
  return bytes;
}

IoStatus replace_file(LogDirectory& directory, std::string_view name, std::string_view unfinished,
                      std::span<const std::byte> bytes) {
  const auto file = directory.create(unfinished);
  if (!file) return std::unexpected(file.error());
  IoStatus status = (*file)->write(0, bytes);
  if (status) status = (*file)->sync();
  if (status) status = directory.rename(unfinished, name);
  if (status) status = directory.sync_names();
  return status;
}

}  // namespace tallyho
