#include "engine/snapshot.h"

#include <utility>

#include "fmt/format.h"

namespace tallyho {

constexpr std::uint64_t form_version = 2;
// Of 0.1.0. It kept 11 bits more of an event's id, which went into the state hash: that cannot be compared.
constexpr std::uint64_t form_version_first = 1;
constexpr std::size_t source_bytes_max = 16 << 20;
constexpr std::size_t hash_digits = 32;

bool save_snapshot(const Engine& engine, ByteSink sink) {
  SnapshotFrameWriter frames(std::move(sink), {.identity = engine.log().identity(), .position = engine.version()});
  FormWriter out([&frames](std::span<const std::byte> bytes) { frames.write(bytes); });
  out.number(form_version);
  out.text(engine.ruleset().source);
  out.number(engine.players());
  engine.save(out);
  out.text(engine.state_hash());
  out.flush();
  return frames.finish();
}

struct SavedEngine::Impl {
  explicit Impl(SnapshotFrameReader opened) : frames(std::move(opened)) {}

  // What is wrong with the frames explains what is wrong with what they hold.
  std::unexpected<std::string> problem() const {
    return std::unexpected(frames.problem().empty() ? in.problem() : frames.problem());
  }

  SnapshotFrameReader frames;
  FormReader in{[this] { return frames.next(); }};
  std::uint64_t version = 0;
  std::string source;
  std::uint64_t players = 0;
};

SavedEngine::SavedEngine(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SavedEngine::~SavedEngine() = default;
SavedEngine::SavedEngine(SavedEngine&&) noexcept = default;
SavedEngine& SavedEngine::operator=(SavedEngine&&) noexcept = default;

std::expected<SavedEngine, std::string> SavedEngine::open(ByteSource source) {
  auto frames = SnapshotFrameReader::open(std::move(source));
  if (!frames) return std::unexpected(frames.error());
  auto impl = std::make_unique<Impl>(std::move(*frames));
  FormReader& in = impl->in;
  impl->version = in.number();
  if (!in.has_failed() && (impl->version < form_version_first || impl->version > form_version)) {
    return std::unexpected(fmt::format("what it holds has format {}, and this program knows {} to {}", impl->version,
                                       form_version_first, form_version));
  }
  impl->source = in.text(source_bytes_max);
  impl->players = in.number();
  if (in.has_failed()) return impl->problem();
  return SavedEngine(std::move(impl));
}

const SnapshotHead& SavedEngine::head() const {
  return impl_->frames.head();
}
const std::string& SavedEngine::ruleset_source() const {
  return impl_->source;
}
std::uint64_t SavedEngine::players() const {
  return impl_->players;
}

std::expected<void, std::string> SavedEngine::restore(Engine& engine) {
  if (engine.ruleset().source != impl_->source) return std::unexpected("it was made under another ruleset");
  if (engine.log().identity() != head().identity) return std::unexpected("it belongs to another log");
  FormReader& in = impl_->in;
  const std::vector<std::string> stays = engine.restore(in);
  const std::string hash(in.text(hash_digits));
  if (!in.is_at_end() || !impl_->frames.problem().empty()) {
    in.fail("something follows its end");
    return impl_->problem();
  }
  if (engine.version() != head().position) return std::unexpected("it is not of the position that it says");
  const bool is_comparable = impl_->version > form_version_first;
  if (!stays.empty() || (is_comparable && engine.state_hash() != hash)) {
    return std::unexpected("its state hash is another than it says");
  }
  return {};
}

}  // namespace tallyho
