#include "cli/file_changes.h"

#include <sys/stat.h>

#include <utility>

namespace tallyho::cli {

FileChanges::FileChanges(std::vector<std::string> paths) : paths_(std::move(paths)) {
  were_read();
}

bool FileChanges::look() {
  std::vector<Stamp> now = stamps();
  const bool has_settled = now == seen_;
  seen_ = std::move(now);
  if (!has_settled || seen_ == read_) return false;
  read_ = seen_;
  return true;
}

void FileChanges::were_read() {
  read_ = seen_ = stamps();
}

std::vector<FileChanges::Stamp> FileChanges::stamps() const {
  std::vector<Stamp> all;
  for (const std::string& path : paths_) {
    struct stat file{};
    Stamp& stamp = all.emplace_back();
    if (stat(path.c_str(), &file) != 0) continue;
    stamp = {.seconds = file.st_mtim.tv_sec, .nanos = file.st_mtim.tv_nsec, .size = file.st_size, .inode = file.st_ino};
  }
  return all;
}

}  // namespace tallyho::cli
