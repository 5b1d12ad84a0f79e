#include "log/file_system.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>
#include <utility>

namespace tallyho {

std::string IoError::text() const {
  return operation + " of " + file + ": " + std::strerror(number);
}

namespace {

std::unexpected<IoError> failed(std::string_view operation, std::string_view file) {
  return std::unexpected(IoError{std::string(operation), std::string(file), errno});
}

class PosixFile final : public LogFile {
 public:
  PosixFile(int descriptor, std::string name) : descriptor_(descriptor), name_(std::move(name)) {}
  ~PosixFile() override { ::close(descriptor_); }
  PosixFile(const PosixFile&) = delete;
  PosixFile& operator=(const PosixFile&) = delete;

  IoResult<std::size_t> read(std::uint64_t offset, std::span<std::byte> into) override {
    std::size_t done = 0;
    while (done < into.size()) {
      const ssize_t count =
          ::pread(descriptor_, into.data() + done, into.size() - done, static_cast<off_t>(offset + done));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return failed("pread", name_);
      if (count == 0) break;
      done += static_cast<std::size_t>(count);
    }
    return done;
  }

  IoStatus write(std::uint64_t offset, std::span<const std::byte> bytes) override {
    std::size_t done = 0;
    while (done < bytes.size()) {
      const ssize_t count =
          ::pwrite(descriptor_, bytes.data() + done, bytes.size() - done, static_cast<off_t>(offset + done));
      if (count < 0 && errno == EINTR) continue;
      if (count < 0) return failed("pwrite", name_);
      done += static_cast<std::size_t>(count);
    }
    return {};
  }

  IoStatus sync() override {
    while (::fdatasync(descriptor_) != 0) {
      if (errno != EINTR) return failed("fdatasync", name_);
    }
    return {};
  }

  // Some file systems have no such call.
  IoStatus write_back(std::uint64_t offset, std::uint64_t bytes) override {
    constexpr unsigned flags = SYNC_FILE_RANGE_WAIT_BEFORE | SYNC_FILE_RANGE_WRITE | SYNC_FILE_RANGE_WAIT_AFTER;
    while (::sync_file_range(descriptor_, static_cast<off_t>(offset), static_cast<off_t>(bytes), flags) != 0) {
      if (errno == ENOSYS || errno == ESPIPE || errno == EINVAL) return sync();
      if (errno != EINTR) return failed("sync_file_range", name_);
    }
    return {};
  }

  void read_ahead(std::uint64_t offset, std::uint64_t bytes) override {
    ::posix_fadvise(descriptor_, static_cast<off_t>(offset), static_cast<off_t>(bytes), POSIX_FADV_WILLNEED);
  }

  void drop_cache() override { ::posix_fadvise(descriptor_, 0, 0, POSIX_FADV_DONTNEED); }

  IoResult<std::uint64_t> size() override {
    struct stat status{};
    if (::fstat(descriptor_, &status) != 0) return failed("fstat", name_);
    return static_cast<std::uint64_t>(status.st_size);
  }

 private:
  const int descriptor_;
  const std::string name_;
};

class PosixDirectory final : public LogDirectory {
 public:
  enum class Use : std::uint8_t { reading, writing };
  PosixDirectory(int descriptor, std::string path, Use use)
      : descriptor_(descriptor), path_(std::move(path)), use_(use) {}
  ~PosixDirectory() override {  // Which unlocks it.
    ::close(descriptor_);
    if (lock_ >= 0) ::close(lock_);
  }
  PosixDirectory(const PosixDirectory&) = delete;
  PosixDirectory& operator=(const PosixDirectory&) = delete;

  // Keeps a locked file open as long as the directory.
  void hold(int lock) { lock_ = lock; }

  IoResult<std::vector<std::string>> list() override {
    std::vector<std::string> names;
    std::error_code error;
    for (std::filesystem::directory_iterator at(path_, error), end; !error && at != end; at.increment(error)) {
      names.push_back(at->path().filename());
    }
    if (error) return std::unexpected(IoError{"readdir", path_, error.value()});
    std::ranges::sort(names);
    return names;
  }

  IoResult<std::unique_ptr<LogFile>> open(std::string_view name) override {
    return open(name, use_ == Use::reading ? O_RDONLY : O_RDWR);
  }
  IoResult<std::unique_ptr<LogFile>> create(std::string_view name) override {
    if (use_ == Use::reading) return read_only("open", name);
    return open(name, O_RDWR | O_CREAT | O_TRUNC);
  }

  IoStatus rename(std::string_view from, std::string_view to) override {
    if (use_ == Use::reading) return read_only("rename", from);
    if (::renameat(descriptor_, std::string(from).c_str(), descriptor_, std::string(to).c_str()) != 0) {
      return failed("rename", from);
    }
    return {};
  }

  IoStatus remove(std::string_view name) override {
    if (use_ == Use::reading) return read_only("unlink", name);
    if (::unlinkat(descriptor_, std::string(name).c_str(), 0) != 0) return failed("unlink", name);
    return {};
  }

  IoStatus sync_names() override {
    while (::fsync(descriptor_) != 0) {
      if (errno != EINTR) return failed("fsync", path_);
    }
    return {};
  }

 private:
  static std::unexpected<IoError> read_only(std::string_view operation, std::string_view file) {
    return std::unexpected(IoError{std::string(operation), std::string(file), EROFS});
  }
  IoResult<std::unique_ptr<LogFile>> open(std::string_view name, int flags) {
    const std::string text(name);
    int descriptor = -1;
    do {
      descriptor = ::openat(descriptor_, text.c_str(), flags | O_CLOEXEC, 0640);
    } while (descriptor < 0 && errno == EINTR);
    if (descriptor < 0) return failed("open", name);
    return std::make_unique<PosixFile>(descriptor, text);
  }

  const int descriptor_;
  const std::string path_;
  int lock_ = -1;
  const Use use_;
};

}  // namespace

IoResult<std::unique_ptr<LogDirectory>> open_log_directory(const std::string& path) {
  std::error_code error;
  std::filesystem::create_directories(path, error);
  if (error) return std::unexpected(IoError{"mkdir", path, error.value()});
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return failed("open", path);
  auto directory = std::make_unique<PosixDirectory>(descriptor, path, PosixDirectory::Use::writing);
  if (::flock(descriptor, LOCK_EX | LOCK_NB) != 0) return failed("flock", path);
  return directory;
}

IoResult<std::unique_ptr<LogDirectory>> open_log_directory_for_reading(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return failed("open", path);
  return std::make_unique<PosixDirectory>(descriptor, path, PosixDirectory::Use::reading);
}

// The lock is on a file of its own, as the directory's is the server's. It goes with the process.
IoResult<std::unique_ptr<LogDirectory>> open_log_directory_for_snapshots(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return failed("open", path);
  auto directory = std::make_unique<PosixDirectory>(descriptor, path, PosixDirectory::Use::writing);
  int lock = -1;
  do {
    lock = ::openat(descriptor, "snapshots.lock", O_RDWR | O_CREAT | O_CLOEXEC, 0640);
  } while (lock < 0 && errno == EINTR);
  if (lock < 0) return failed("open", path + "/snapshots.lock");
  directory->hold(lock);
  if (::flock(lock, LOCK_EX | LOCK_NB) != 0) return failed("flock", path + "/snapshots.lock");
  return directory;
}

IoResult<std::unique_ptr<LogDirectory>> open_log_directory_beside(const std::string& path) {
  const int descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (descriptor < 0) return failed("open", path);
  return std::make_unique<PosixDirectory>(descriptor, path, PosixDirectory::Use::writing);
}

}  // namespace tallyho
