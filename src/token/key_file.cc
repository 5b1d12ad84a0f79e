#include "token/key_file.h"

#include <fcntl.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "token/random_text.h"

namespace tallyho {

std::expected<TokenKeySet, std::string> read_key_files(std::span<const std::string> paths) {
  constexpr std::size_t file_bytes_max = 1 << 20;
  TokenKeySet keys;
  for (const std::string& path : paths) {
    std::ifstream file(path, std::ios::binary);
    const std::string bytes{std::istreambuf_iterator<char>(file), {}};
    if (!file.is_open() || file.bad()) return std::unexpected(path + ": can't be read");
    if (bytes.size() > file_bytes_max) return std::unexpected(path + ": is too large for keys");
    if (const auto added = keys.add(bytes); !added) return std::unexpected(path + ": " + added.error());
  }
  return keys;
}

std::expected<void, std::string> make_secret_file(const std::string& path) {
  auto text = random_text();
  if (!text) return std::unexpected("OpenSSL has no random bytes");
  *text += '\n';
  const int file = ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
  if (file < 0) return std::unexpected(path + ": " + std::strerror(errno));
  const bool is_written = ::write(file, text->data(), text->size()) == static_cast<ssize_t>(text->size());
  const bool is_closed = ::close(file) == 0;
  if (!is_written || !is_closed) return std::unexpected(path + ": can't be written");
  return {};
}

}  // namespace tallyho
