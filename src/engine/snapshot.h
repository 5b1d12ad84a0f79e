#pragma once

#include <expected>
#include <memory>
#include <string>

#include "engine/engine.h"
#include "log/snapshot_frames.h"

namespace tallyho {

// Everything an engine is at one position of its log, in bytes that prove what they say: who loads them need not apply
// what the log has up to there.
//
//     save_snapshot(engine, sink);
//     …
//     auto saved = SavedEngine::open(source);
//     Engine again(load_ruleset(saved->ruleset_source()), std::move(log), {});
//     saved->restore(again);                       // same state hash
//
// What is written is what things are called and hold, never how they lie in memory: the ruleset's source; symbols in
// their order; scopes, variables and boards by name with everything in them (Engine::save()); and last the state hash,
// which whoever loads compares with its own. Each frame has its CRC (log/snapshot_frames.h).

// Writes one. O(all state). False: the sink has failed.
bool save_snapshot(const Engine& engine, ByteSink sink);

// One that was written.
//
// Threads: one owner. Memory: a frame, beside what restore() fills.
class SavedEngine {
 public:
  // Reads as much as it takes to know what it is of. Errors, as text: it cannot be read, is damaged, or of another
  // version.
  static std::expected<SavedEngine, std::string> open(ByteSource source);
  ~SavedEngine();
  SavedEngine(SavedEngine&&) noexcept;
  SavedEngine& operator=(SavedEngine&&) noexcept;

  const SnapshotHead& head() const;
  // The ruleset in force there.
  const std::string& ruleset_source() const;
  std::uint64_t players() const;

  // Makes a new engine what was saved; once. Its ruleset and its log must be those of then. O(all state).
  // Errors, as text: it is damaged; or its state hash is another than was written. Then the engine is of no use.
  std::expected<void, std::string> restore(Engine& engine);

 private:
  struct Impl;
  explicit SavedEngine(std::unique_ptr<Impl> impl);
  std::unique_ptr<Impl> impl_;
};

}  // namespace tallyho
