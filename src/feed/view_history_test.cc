#include "feed/view_history.h"

#include <gtest/gtest.h>

#include <memory>

namespace tallyho {
namespace {

std::shared_ptr<const ViewState> state_of(std::uint64_t members) {
  auto state = std::make_shared<ViewState>();
  state->of = members;
  return state;
}

TEST(ViewHistory, KnowsWhatWasShownFromOneVersionToAnother) {
  ViewHistory history(1000);
  history.add(1, 10, 12, state_of(3));
  history.add(1, 15, 15, state_of(4));
  history.add(2, 10, 20, state_of(5));
  for (const Position version : {9U, 13U, 14U, 16U}) EXPECT_EQ(history.find(1, version), nullptr) << version;
  for (const Position version : {10U, 11U, 12U}) EXPECT_EQ(history.find(1, version)->of, 3U) << version;
  EXPECT_EQ(history.find(1, 15)->of, 4U);
  EXPECT_EQ(history.find(2, 15)->of, 5U);
  EXPECT_EQ(history.find(3, 15), nullptr);
}

TEST(ViewHistory, TheOldestOfAllViewsMakesRoom) {
  ViewHistory history(30);  // Three states without rows.
  history.add(1, 1, 1, state_of(1));
  history.add(2, 1, 1, state_of(1));
  history.add(1, 2, 2, state_of(2));
  history.add(1, 3, 3, state_of(3));
  EXPECT_EQ(history.find(1, 1), nullptr);
  EXPECT_NE(history.find(2, 1), nullptr);
  history.add(1, 4, 4, state_of(4));
  EXPECT_EQ(history.find(2, 1), nullptr);
  EXPECT_NE(history.find(1, 2), nullptr);
}

TEST(ViewHistory, WhatWasForgottenStillCountsUntilItsTurnComes) {
  ViewHistory history(30);
  for (std::uint64_t view = 1; view <= 1000; ++view) {
    history.add(view, 1, 1, state_of(1));
    history.forget(view);
    EXPECT_LE(history.rows(), 30U);
  }
  EXPECT_EQ(history.find(1000, 1), nullptr);
}

}  // namespace
}  // namespace tallyho
