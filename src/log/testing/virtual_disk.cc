#include "log/testing/virtual_disk.h"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace tallyho {
namespace {

constexpr std::size_t sector = 512;

}  // namespace

struct VirtualDisk::State {
  struct Node {
    std::vector<std::byte> durable;
    std::vector<std::byte> current;
    std::set<std::size_t> unsynced;  // Sectors.
    std::set<std::size_t> given_up;  // By a sync that failed: the cache has them, and no later sync writes them.
  };
  using Names = std::map<std::string, std::shared_ptr<Node>>;
  // A change of names: what `name` is from then on; null: nothing.
  struct Change {
    std::string name;
    std::shared_ptr<Node> node;
    std::string also_gone;  // Renamed: its former name.
  };

  Names durable;
  Names current;
  std::vector<Change> unsynced;
  std::uint64_t operations = 0;
  std::uint64_t fails_from = ~std::uint64_t{0};
  std::uint64_t fails_for = 0;
  int fails_with = 0;
  bool is_full = false;

  static void apply(Names& names, const Change& change) {
    if (change.node == nullptr) {
      names.erase(change.name);
    } else {
      names[change.name] = change.node;
    }
    if (!change.also_gone.empty()) names.erase(change.also_gone);
  }
  void change(Change made) {
    apply(current, made);
    unsynced.push_back(std::move(made));
  }
};

namespace {

std::unexpected<IoError> io_error(std::string_view operation, std::string_view file, int number) {
  return std::unexpected(IoError{std::string(operation), std::string(file), number});
}

// What a crash leaves of a file.
std::vector<std::byte> after_crash(const std::vector<std::byte>& durable, const std::vector<std::byte>& current,
                                   const std::set<std::size_t>& unsynced, std::mt19937_64& random) {
  std::vector<std::byte> bytes = durable;
  bytes.resize(random() % 2 == 0 ? durable.size() : current.size());
  for (const std::size_t number : unsynced) {
    const std::size_t begin = number * sector;
    const std::size_t end = std::min({begin + sector, bytes.size(), current.size()});
    const auto fate = random() % 8;
    for (std::size_t i = begin; i < end; ++i) {
      if (fate < 4) bytes[i] = current[i];
      if (fate == 7) bytes[i] = static_cast<std::byte>(random());
    }
  }
  return bytes;
}

}  // namespace

class VirtualFile final : public LogFile {
 public:
  VirtualFile(VirtualDisk& disk, std::shared_ptr<VirtualDisk::State::Node> node, std::string name)
      : disk_(disk), node_(std::move(node)), name_(std::move(name)) {}

  IoResult<std::size_t> read(std::uint64_t offset, std::span<std::byte> into) override {
    const std::size_t there = offset < node_->current.size() ? node_->current.size() - offset : 0;
    const std::size_t count = std::min<std::size_t>(there, into.size());
    std::copy_n(node_->current.begin() + static_cast<std::ptrdiff_t>(offset), count, into.begin());
    return count;
  }
  IoStatus write(std::uint64_t offset, std::span<const std::byte> bytes) override {
    if (const IoStatus begun = disk_.begin("pwrite", name_); !begun) return std::unexpected(begun.error());
    if (node_->current.size() < offset + bytes.size()) node_->current.resize(offset + bytes.size());
    std::ranges::copy(bytes, node_->current.begin() + static_cast<std::ptrdiff_t>(offset));
    for (std::size_t at = offset / sector; at * sector < offset + bytes.size(); ++at) {
      node_->unsynced.insert(at);
      node_->given_up.erase(at);
    }
    return {};
  }
  // A crash may lose all of it, so nothing changes.
  IoStatus write_back(std::uint64_t /*offset*/, std::uint64_t /*bytes*/) override {
    return disk_.begin("sync_file_range", name_);
  }

  IoStatus sync() override {
    if (const IoStatus begun = disk_.begin("fdatasync", name_); !begun) {
      if (disk_.state_->fails_for == VirtualDisk::forever) return std::unexpected(begun.error());
      node_->given_up.merge(node_->unsynced);
      node_->unsynced.clear();
      return std::unexpected(begun.error());
    }
    if (node_->unsynced.empty() && node_->durable.size() == node_->current.size()) return {};
    node_->durable.resize(node_->current.size());
    for (const std::size_t number : node_->unsynced) {
      const std::size_t begin = number * sector;
      const std::size_t end = std::min(begin + sector, node_->current.size());
      std::copy(node_->current.begin() + static_cast<std::ptrdiff_t>(begin),
                node_->current.begin() + static_cast<std::ptrdiff_t>(end),
                node_->durable.begin() + static_cast<std::ptrdiff_t>(begin));
    }
    node_->unsynced.clear();
    return {};
  }
  void drop_cache() override {
    for (const std::size_t number : node_->given_up) {
      const std::size_t end = std::min((number + 1) * sector, node_->current.size());
      for (std::size_t i = number * sector; i < end; ++i) {
        node_->current[i] = i < node_->durable.size() ? node_->durable[i] : std::byte{0};
      }
    }
    node_->given_up.clear();
  }
  IoResult<std::uint64_t> size() override { return node_->current.size(); }

 private:
  VirtualDisk& disk_;
  const std::shared_ptr<VirtualDisk::State::Node> node_;
  const std::string name_;
};

class VirtualDirectory final : public LogDirectory {
 public:
  explicit VirtualDirectory(VirtualDisk& disk) : disk_(disk) {}

  IoResult<std::vector<std::string>> list() override { return disk_.names(); }
  IoResult<std::unique_ptr<LogFile>> open(std::string_view name) override {
    const auto found = disk_.state_->current.find(std::string(name));
    if (found == disk_.state_->current.end()) return io_error("open", name, ENOENT);
    return std::make_unique<VirtualFile>(disk_, found->second, found->first);
  }
  IoResult<std::unique_ptr<LogFile>> create(std::string_view name) override {
    if (const IoStatus begun = disk_.begin("open", name); !begun) return std::unexpected(begun.error());
    if (disk_.state_->is_full) return io_error("pwrite", name, ENOSPC);
    const auto node = std::make_shared<VirtualDisk::State::Node>();
    disk_.state_->change({std::string(name), node, ""});
    return std::make_unique<VirtualFile>(disk_, node, std::string(name));
  }
  IoStatus rename(std::string_view from, std::string_view to) override {
    if (const IoStatus begun = disk_.begin("rename", from); !begun) return std::unexpected(begun.error());
    const auto found = disk_.state_->current.find(std::string(from));
    if (found == disk_.state_->current.end()) return io_error("rename", from, ENOENT);
    disk_.state_->change({std::string(to), found->second, std::string(from)});
    return {};
  }
  IoStatus remove(std::string_view name) override {
    if (const IoStatus begun = disk_.begin("unlink", name); !begun) return std::unexpected(begun.error());
    disk_.state_->change({std::string(name), nullptr, ""});
    return {};
  }
  IoStatus sync_names() override {
    if (const IoStatus begun = disk_.begin("fsync", "."); !begun) return std::unexpected(begun.error());
    disk_.state_->durable = disk_.state_->current;
    disk_.state_->unsynced.clear();
    return {};
  }

 private:
  VirtualDisk& disk_;
};

VirtualDisk::VirtualDisk() : state_(std::make_unique<State>()) {}
VirtualDisk::~VirtualDisk() = default;
VirtualDisk::VirtualDisk(VirtualDisk&&) noexcept = default;
VirtualDisk& VirtualDisk::operator=(VirtualDisk&&) noexcept = default;

std::unique_ptr<LogDirectory> VirtualDisk::directory() {
  return std::make_unique<VirtualDirectory>(*this);
}

VirtualDisk VirtualDisk::crashed(std::mt19937_64& random) const {
  State::Names names = state_->durable;
  const std::size_t kept = random() % (state_->unsynced.size() + 1);
  for (std::size_t i = 0; i < kept; ++i) State::apply(names, state_->unsynced[i]);
  VirtualDisk image;
  for (const auto& [name, node] : names) {
    const auto left = std::make_shared<State::Node>();
    left->durable = after_crash(node->durable, node->current, node->unsynced, random);
    left->current = left->durable;
    image.state_->current[name] = image.state_->durable[name] = left;
  }
  return image;
}

IoStatus VirtualDisk::begin(std::string_view operation, std::string_view file) {
  if (before_operation) before_operation();
  const std::uint64_t number = state_->operations++;
  const bool fails = number >= state_->fails_from && number - state_->fails_from < state_->fails_for;
  if (fails) return io_error(operation, file, state_->fails_with);
  return {};
}

std::uint64_t VirtualDisk::operations() const {
  return state_->operations;
}

void VirtualDisk::fail_from(std::uint64_t operation, std::uint64_t count, int number) {
  state_->fails_from = operation;
  state_->fails_for = count;
  state_->fails_with = number;
}

void VirtualDisk::set_full(bool is_full) {
  state_->is_full = is_full;
}

std::vector<std::string> VirtualDisk::names() const {
  std::vector<std::string> names;
  for (const auto& [name, node] : state_->current) names.push_back(name);
  return names;
}

std::vector<std::byte>& VirtualDisk::bytes(const std::string& name) {
  return state_->current.at(name)->current;
}

}  // namespace tallyho
