#pragma once

#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <random>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "log/file_system.h"

namespace tallyho {

// A disk in memory that a test can crash at any moment. What was written is on it only after a sync; of what was not
// synced a crash keeps, drops or spoils each sector of 512 bytes for itself, and of the changes of names it keeps some
// first ones. A sector that held something durable before it was rewritten is spoiled as well as any other.
//
//     VirtualDisk disk;
//     disk.before_operation = [&] { if (…) image = disk.crashed(random); };
//     … disk.directory() …
//
// Threads: one.
class VirtualDisk {
 public:
  VirtualDisk();
  ~VirtualDisk();
  VirtualDisk(VirtualDisk&&) noexcept;
  VirtualDisk& operator=(VirtualDisk&&) noexcept;

  // The one directory. The disk outlives it.
  std::unique_ptr<LogDirectory> directory();

  // What is there after a crash now. This disk goes on.
  VirtualDisk crashed(std::mt19937_64& random) const;

  // Called before each operation that changes anything; how many there were.
  std::function<void()> before_operation;
  std::uint64_t operations() const;
  // Makes the operations from this one on fail with an errno: a `count` of them. A sync that fails so leaves in the
  // cache what it should have made durable, where it looks as if it were, as Linux does; `forever`, and the process is
  // gone.
  static constexpr std::uint64_t forever = ~std::uint64_t{0};
  void fail_from(std::uint64_t operation, std::uint64_t count, int number);

  // Whether new files fail with ENOSPC.
  void set_full(bool is_full);

  // As they are, synced or not.
  std::vector<std::string> names() const;
  std::vector<std::byte>& bytes(const std::string& name);

 private:
  friend class VirtualDirectory;
  friend class VirtualFile;
  // Every operation that changes something begins here, and may end here.
  IoStatus begin(std::string_view operation, std::string_view file);

  struct State;
  std::unique_ptr<State> state_;
};

}  // namespace tallyho
