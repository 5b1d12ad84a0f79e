#pragma once

#include <atomic>
#include <cstdint>
#include <memory>
#include <mutex>
#include <utility>

#include "ruleset/ruleset.h"

namespace tallyho {

// The ruleset that is in force, for those who decode events: the engine thread sets it before it answers whoever
// swapped it, so that what is sent after that answer is decoded under it. What was decoded before, but reaches the
// engine later, is decoded again there (engine_thread.h).
//
// Threads: any. version() is cheap enough to be asked per frame; the lock is for the rare change.
class CurrentRuleset {
 public:
  // Another number: another ruleset.
  std::uint64_t version() const { return version_.load(std::memory_order_acquire); }  // Partner: set().

  std::shared_ptr<const Ruleset> get() const {
    const std::lock_guard lock(mutex_);
    return ruleset_;
  }

  void set(std::shared_ptr<const Ruleset> ruleset) {
    const std::lock_guard lock(mutex_);
    ruleset_ = std::move(ruleset);
    version_.fetch_add(1, std::memory_order_release);
  }

 private:
  mutable std::mutex mutex_;
  std::shared_ptr<const Ruleset> ruleset_;
  std::atomic<std::uint64_t> version_{0};
};

}  // namespace tallyho
