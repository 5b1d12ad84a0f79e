// Lines that are decoded ahead come to what they come to one by one.
#include "cli/decode_ahead.h"

#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "base/testing/temporary_folder.h"
#include "fmt/format.h"
#include "gtest/gtest.h"
#include "ruleset/loader.h"

namespace tallyho::cli {
namespace {

std::shared_ptr<const Ruleset> game() {
  auto ruleset = load_ruleset(R"(
tallyho: 1
name: hunt
events:
  find: {value: int, place: {type: string, optional: true}}
rules:
  - {id: find, on: find, points: event.value}
boards:
  - id: global
)",
                              "hunt.yaml");
  EXPECT_TRUE(ruleset.has_value());
  return *ruleset;
}

// Many batches of lines, among them everything that is no event.
std::vector<std::string> make_lines() {
  std::vector<std::string> lines;
  for (int i = 0; i < 3000; ++i) {
    switch (i % 11) {
      case 3: lines.emplace_back(); break;
      case 5: lines.emplace_back("\r"); break;
      case 7: lines.emplace_back(R"({"type":"find","player":)"); break;
      case 9: lines.push_back(fmt::format(R"({{"type":"find","player":"p{}","points":{}}})", i % 100, i)); break;
      case 10:
        lines.push_back(fmt::format(R"({{"op":"adjust","player":"p{}","id":"a{}","points":1}})", i % 100, i));
        break;
      default:
        lines.push_back(fmt::format(R"({{"type":"find","id":"e{}","player":"p{}","value":{},"place":"{}"}})", i % 700,
                                    i % 100, i, std::string(static_cast<std::size_t>(i % 50), 'x')));
    }
  }
  return lines;
}

std::string describe(std::uint64_t number, const Answer& answer) {
  return fmt::format("{} {} {} {} {} {}", number, name_of(answer.code), answer.envelope.player, answer.field,
                     answer.message, answer.outcome ? answer.outcome->total : 0);
}

class DecodeAheadTest : public testing::Test {
 protected:
  DecodeAheadTest() {
    std::ofstream file(path_, std::ios::binary);
    for (const std::string& line : lines_) file << line << '\n';
  }

  const std::vector<std::string> lines_ = make_lines();
  const TemporaryFolder folder_;
  const std::string path_ = folder_.path() + "/events.ndjson";
};

TEST_F(DecodeAheadTest, LinesComeToWhatTheyComeToOneByOne) {
  Offline one_by_one(game());
  std::vector<std::string> expected;
  for (std::size_t i = 0; i < lines_.size(); ++i) {
    if (lines_[i].empty() || lines_[i] == "\r") continue;
    expected.push_back(describe(i + 1, one_by_one.score(lines_[i])));
  }

  Offline offline(game());
  LineReader reader(16'384);
  ASSERT_FALSE(reader.open(path_).has_value());
  DecodeAhead ahead(reader, offline.shared_ruleset());
  std::vector<std::string> found;
  while (DecodedLines* batch = ahead.next()) {
    offline.score(*batch);
    for (std::size_t i = 0; i < batch->lines.size(); ++i) {
      found.push_back(describe(batch->numbers[i], batch->answers[i]));
    }
  }
  EXPECT_EQ(reader.problem(), "");
  EXPECT_EQ(found, expected);
  EXPECT_EQ(offline.engine().state_hash(), one_by_one.engine().state_hash());
}

TEST_F(DecodeAheadTest, MayBeLeftInTheMiddle) {
  LineReader reader(16'384);
  ASSERT_FALSE(reader.open(path_).has_value());
  DecodeAhead ahead(reader, game());
  ASSERT_NE(ahead.next(), nullptr);
}

}  // namespace
}  // namespace tallyho::cli
