#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "log/file_system.h"

namespace tallyho {

// For tests that look at, hold up or refuse a part of what the log asks of its files: derived classes override that
// part and forward it themselves, these forward the rest.

class ForwardingFile : public LogFile {
 public:
  explicit ForwardingFile(std::unique_ptr<LogFile> file) : file_(std::move(file)) {}
  IoResult<std::size_t> read(std::uint64_t at, std::span<std::byte> into) override { return file_->read(at, into); }
  IoStatus write(std::uint64_t at, std::span<const std::byte> bytes) override { return file_->write(at, bytes); }
  IoStatus write_back(std::uint64_t at, std::uint64_t bytes) override { return file_->write_back(at, bytes); }
  void read_ahead(std::uint64_t at, std::uint64_t bytes) override { file_->read_ahead(at, bytes); }
  IoStatus sync() override { return file_->sync(); }
  void drop_cache() override { file_->drop_cache(); }
  IoResult<std::uint64_t> size() override { return file_->size(); }

 private:
  const std::unique_ptr<LogFile> file_;
};

class ForwardingDirectory : public LogDirectory {
 public:
  explicit ForwardingDirectory(std::unique_ptr<LogDirectory> directory) : directory_(std::move(directory)) {}
  IoResult<std::vector<std::string>> list() override { return directory_->list(); }
  IoResult<std::unique_ptr<LogFile>> open(std::string_view name) override { return directory_->open(name); }
  IoResult<std::unique_ptr<LogFile>> create(std::string_view name) override { return directory_->create(name); }
  IoStatus rename(std::string_view from, std::string_view to) override { return directory_->rename(from, to); }
  IoStatus remove(std::string_view name) override { return directory_->remove(name); }
  IoStatus sync_names() override { return directory_->sync_names(); }

 private:
  const std::unique_ptr<LogDirectory> directory_;
};

}  // namespace tallyho
