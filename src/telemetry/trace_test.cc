#include "telemetry/trace.h"

#include <set>

#include "gmock/gmock.h"
#include "gtest/gtest.h"

namespace tallyho {
namespace {

// The examples of the specification, and what it says is none.
TEST(Traceparent, IsReadAsTheSpecificationHasIt) {
  const auto context = parse_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
  ASSERT_TRUE(context);
  EXPECT_EQ(to_hex(context->trace), "4bf92f3577b34da6a3ce929d0e0e4736");
  EXPECT_EQ(to_hex(context->parent), "00f067aa0ba902b7");
  EXPECT_TRUE(context->is_sampled);
  EXPECT_FALSE(parse_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00")->is_sampled);
  EXPECT_FALSE(parse_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-02")->is_sampled);
  EXPECT_TRUE(parse_traceparent("cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more"));
}

TEST(Traceparent, WhatIsNoneCountsAsNotSent) {
  for (const std::string_view text : {"", "00", "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7",
                                      "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-1",
                                      "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01-more",
                                      "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01x",
                                      "cc-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01.more",
                                      "ff-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01",
                                      "00-00000000000000000000000000000000-00f067aa0ba902b7-01",
                                      "00-4bf92f3577b34da6a3ce929d0e0e4736-0000000000000000-01",
                                      "00-4BF92F3577B34DA6A3CE929D0E0E4736-00f067aa0ba902b7-01",
                                      "00_4bf92f3577b34da6a3ce929d0e0e4736_00f067aa0ba902b7_01",
                                      "00-4bf92f3577b34da6a3ce929d0e0e473-600f067aa0ba902b7-01",
                                      "00-4bf92f3577b34da6a3ce929d0e0eg736-00f067aa0ba902b7-01"}) {
    EXPECT_FALSE(parse_traceparent(text)) << text;
  }
}

TEST(Tracer, ChoosesAsManyAsItIsToldEvenly) {
  for (const auto& [rate, expected] :
       {std::pair(0.0, 0), std::pair(0.1, 100), std::pair(0.25, 250), std::pair(1.0, 1000)}) {
    Tracer tracer(rate, 1);
    int chosen = 0;
    for (int i = 0; i < 1000; ++i) chosen += tracer.begin(std::nullopt) ? 1 : 0;
    EXPECT_EQ(chosen, expected);
  }
}

TEST(Tracer, WhatACallerTracesIsTracedAsPartOfHisTrace) {
  Tracer tracer(0, 1);
  const auto context = parse_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01");
  const auto traced = tracer.begin(context);
  ASSERT_TRUE(traced);
  EXPECT_EQ(traced->trace, context->trace);
  EXPECT_EQ(traced->parent, context->parent);
  EXPECT_NE(traced->span, context->parent);
  EXPECT_FALSE(tracer.begin(parse_traceparent("00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-00")));
}

TEST(Tracer, IdsAreOfItsOwn) {
  Tracer tracer(1, 1);
  std::set<std::string> ids;
  for (int i = 0; i < 100; ++i) {
    const auto traced = tracer.begin(std::nullopt);
    EXPECT_EQ(traced->parent, SpanId{});
    ids.insert(to_hex(traced->trace));
    ids.insert(to_hex(traced->span));
  }
  EXPECT_EQ(ids.size(), 200U);
}

TEST(Tracer, WhatNobodyTakesIsLeftOutAndCounted) {
  Tracer tracer(1, 1);
  for (std::size_t i = 0; i < Tracer::waiting_max + 7; ++i) tracer.end(*tracer.begin(std::nullopt));
  EXPECT_EQ(tracer.left_out(), 7U);
  TracedBatch traced;
  std::size_t taken = 0;
  while (tracer.take(traced)) ++taken;
  EXPECT_EQ(taken, Tracer::waiting_max);
}

}  // namespace
}  // namespace tallyho
