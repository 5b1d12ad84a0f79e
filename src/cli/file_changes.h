#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace tallyho::cli {

// Whether files have changed since they were read, by their times, sizes and inodes. A file that is being written is
// not one that has changed yet: two looks in a row must find the same.
//
//     FileChanges changes({"keys.json"});        // as they are now, which is as they were read
//     while (wait_a_second()) {
//       if (changes.look()) read_again();
//     }
//
// Threads: one owner.
class FileChanges {
 public:
  explicit FileChanges(std::vector<std::string> paths);

  // True once for each change, at the second look that finds it.
  bool look();
  // The files have just been read for another reason.
  void were_read();

 private:
  struct Stamp {
    std::int64_t seconds = 0;
    std::int64_t nanos = 0;
    std::int64_t size = -1;  // -1: it can't be looked at.
    std::uint64_t inode = 0;
    bool operator==(const Stamp&) const = default;
  };
  std::vector<Stamp> stamps() const;

  const std::vector<std::string> paths_;
  std::vector<Stamp> read_;  // As they were then,
  std::vector<Stamp> seen_;  // and at the last look.
};

}  // namespace tallyho::cli
