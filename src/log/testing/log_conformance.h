#pragma once

#include <functional>
#include <memory>
#include <thread>

#include "gtest/gtest.h"
#include "log/log.h"

namespace tallyho {

// What every implementation of Log must do: testing/log_conformance.cc. A test file of one says which:
//
//     INSTANTIATE_TEST_SUITE_P(Memory, LogConformance, testing::Values(LogMaker{[] { return …; }}));
struct LogMaker {
  std::function<std::unique_ptr<Log>()> make;  // A new, empty log.
};

class LogConformance : public testing::TestWithParam<LogMaker> {
 protected:
  // Waits for what commit() only starts. A log that never gets there hangs, and the test's time limit ends it.
  static void commit_and_wait(Log& log) {
    log.commit();
    while (log.durable() < log.last()) {
      std::this_thread::yield();
      log.commit();
    }
  }

  std::unique_ptr<Log> log_ = GetParam().make();
};

}  // namespace tallyho
