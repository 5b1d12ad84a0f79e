// The standard load against the shipped ruleset: what is good is taken, and what is spoiled gets the code of its flaw.

#include <array>
#include <string>

#include "event/decoder.h"
#include "gtest/gtest.h"
#include "load/standard_load.h"
#include "ruleset/loader.h"

namespace tallyho {
namespace {

void expect_codes(const StandardLoad::Options& options) {
  const auto ruleset = load_ruleset_file(TALLYHO_SOURCE_DIR "/rulesets/treasure-hunt.yaml");
  ASSERT_TRUE(ruleset);
  StandardLoad load(options);
  Decoder decoder;
  Arena arena;
  std::array<int, flaw_count + 1> seen{};
  while (const auto line = load.next()) {
    arena.reset();
    const Result<Event> event = decoder.decode(line->text, **ruleset, arena);
    const Code code = event ? Code::ok : event.error().code;
    ASSERT_EQ(name_of(code), name_of(code_of(line->flaw))) << line->text;
    ++seen[static_cast<std::size_t>(line->flaw)];
    if (!event) continue;
    ASSERT_EQ(event->envelope.player, line->player);
    ASSERT_EQ(event->ts.has_value(), options.has_ts);
  }
  for (int flaw = 0; flaw <= flaw_count; ++flaw) {
    EXPECT_GT(seen[static_cast<std::size_t>(flaw)], 0) << "flaw " << flaw << " never came";
  }
}

TEST(StandardLoadEventsTest, InAFileEveryLineGetsTheCodeOfItsFlaw) {
  expect_codes({.events = 40'000, .invalid_percent = 20});
}

TEST(StandardLoadEventsTest, LiveEveryLineGetsTheCodeOfItsFlaw) {
  expect_codes({.seed = 3, .events = 40'000, .invalid_percent = 20, .has_ts = false});
}

}  // namespace
}  // namespace tallyho
