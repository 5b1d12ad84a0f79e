// Any bytes as a snapshot, as they are and in frames with the right CRCs: nothing crashes, and what is taken has the
// state hash that it says, and is written down as it came.

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <utility>

#include "engine/snapshot.h"
#include "engine/snapshot_world_for_test.h"

namespace tallyho {
namespace {

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

// Under the small world's ruleset: `form` is what follows it.
std::vector<std::byte> framed(std::span<const std::byte> form, const std::shared_ptr<const Ruleset>& ruleset) {
  std::vector<std::byte> bytes;
  SnapshotFrameWriter frames(
      [&bytes](std::span<const std::byte> more) {
        bytes.insert(bytes.end(), more.begin(), more.end());
        return true;
      },
      {.identity = std::string(world_log), .position = 60});
  FormWriter out([&frames](std::span<const std::byte> more) { frames.write(more); });
  out.number(1);
  out.text(ruleset->source);
  out.flush();
  frames.write(form);
  frames.finish();
  return bytes;
}

// Loads it whatever the hash at its end says, too: what would be refused by that alone must not crash either.
void play_on(std::span<const std::byte> form, const std::shared_ptr<const Ruleset>& ruleset) {
  const auto engine = make_world_engine(ruleset);
  FormReader in([form]() mutable { return std::exchange(form, {}); });
  engine->restore(in);
  if (in.has_failed()) return;
  engine->state_hash();
  WorldPlayer player;
  Position position = engine->version();
  const Timestamp began = engine->last_arrival();
  for (const WorldRecord& record : make_world_records(30, 1)) {
    player.apply(*engine, {record.bytes, std::max(record.arrival, began), record.kind}, ++position);
  }
  snapshot_of(*engine);
}

void check(std::span<const std::byte> snapshot, const std::shared_ptr<const Ruleset>& ruleset) {
  const auto engine = engine_of(snapshot, ruleset);
  if (!engine) require(!engine.error().empty(), "who refuses says why");
  if (engine) require(!snapshot_of(**engine).empty(), "what is taken can be written down");
}

}  // namespace
}  // namespace tallyho

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::shared_ptr<const tallyho::Ruleset> ruleset = tallyho::world_ruleset();
  const auto bytes = std::as_bytes(std::span(data, size));
  tallyho::check(bytes, ruleset);
  tallyho::check(tallyho::framed(bytes, ruleset), ruleset);
  tallyho::play_on(bytes, ruleset);
  return 0;
}
