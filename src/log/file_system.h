#pragma once

#include <cstddef>
#include <cstdint>
#include <expected>
#include <memory>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace tallyho {

// What the operating system answered, and to what.
struct IoError {
  std::string operation;  // "fdatasync"
  std::string file;
  int number = 0;  // errno

  // "fdatasync of 00000000000000000001.log: Input/output error"
  std::string text() const;
};

template <typename T>
using IoResult = std::expected<T, IoError>;
using IoStatus = IoResult<void>;

// An open file. Offsets and sizes in bytes.
//
// Threads: one owner.
class LogFile {
 public:
  virtual ~LogFile() = default;

  // Fills `into` from `offset` on; returns how many bytes there were, fewer only at the end of the file.
  virtual IoResult<std::size_t> read(std::uint64_t offset, std::span<std::byte> into) = 0;
  // Writes all of `bytes`, in any number of steps. An error may leave some written.
  virtual IoStatus write(std::uint64_t offset, std::span<const std::byte> bytes) = 0;
  // Returns once the disk was given what was written there: it may still lose it, but a later sync() has less to do.
  // Errors: as of sync().
  virtual IoStatus write_back(std::uint64_t offset, std::uint64_t bytes) = 0;
  // A hint, which nobody waits for: these bytes will be written soon. Where only a part of a page is, the system reads
  // the rest of it first, unless its cache still has it.
  virtual void read_ahead(std::uint64_t /*offset*/, std::uint64_t /*bytes*/) {}
  // Returns once everything written is on the disk. After an error nobody knows what is: the log is over.
  virtual IoStatus sync() = 0;
  // What is read next comes from the disk, as far as the system lets it.
  virtual void drop_cache() = 0;
  virtual IoResult<std::uint64_t> size() = 0;
};

// One directory, as far as the log needs it: so that tests can put a disk of their own under it, with crashes.
//
// Names are those of files in the directory. What a file holds is durable after its sync(); that it is there under its
// name, after sync_names().
//
// Threads: any; each file has one owner.
class LogDirectory {
 public:
  virtual ~LogDirectory() = default;

  virtual IoResult<std::vector<std::string>> list() = 0;  // Sorted.
  virtual IoResult<std::unique_ptr<LogFile>> open(std::string_view name) = 0;
  virtual IoResult<std::unique_ptr<LogFile>> create(std::string_view name) = 0;  // Empty, also if it was there.
  virtual IoStatus rename(std::string_view from, std::string_view to) = 0;
  virtual IoStatus remove(std::string_view name) = 0;
  virtual IoStatus sync_names() = 0;
};

// The directory of that path, made if need be, and locked: while this object lives no other process gets it.
// Errors: of mkdir, open, and flock (EWOULDBLOCK: another process has it).
IoResult<std::unique_ptr<LogDirectory>> open_log_directory(const std::string& path);

// The same, which has to be there, not locked: for other files than the log, of a process that has locked it.
// Errors: of open.
IoResult<std::unique_ptr<LogDirectory>> open_log_directory_beside(const std::string& path);

// The same directory for those who only read, beside whoever has it locked: whatever changes something answers EROFS.
// Errors: of open.
IoResult<std::unique_ptr<LogDirectory>> open_log_directory_for_reading(const std::string& path);

// The directory of that path, which must be there, for whoever makes its snapshots beside the server that has it: one
// at a time. Errors: of open, and flock (EWOULDBLOCK: another one is at it).
IoResult<std::unique_ptr<LogDirectory>> open_log_directory_for_snapshots(const std::string& path);

}  // namespace tallyho
