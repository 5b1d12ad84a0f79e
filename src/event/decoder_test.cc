#include "event/decoder.h"

#include <random>
#include <string>
#include <vector>

#include "event/allocation_count.h"
#include "event/test_ruleset.h"
#include "gtest/gtest.h"

namespace tallyho {
namespace {

constexpr std::string_view find =
    R"({"type":"treasure_found","player":"ada","id":"e1","ts":1784484000123,"ref":7,"treasure":"t1","rarity":"rare",)"
    R"("value":120,"lat":48.1,"lon":11.5,"accuracy":5})";

// A message of which one member is replaced, or with null text left out, or if it is none of these, added.
std::string changed(std::string_view name, std::string_view json) {
  const std::vector<std::pair<std::string, std::string>> members = {{"type", "\"treasure_found\""},
                                                                    {"player", "\"ada\""},
                                                                    {"id", "\"e1\""},
                                                                    {"ts", "1784484000123"},
                                                                    {"ref", "7"},
                                                                    {"treasure", "\"t1\""},
                                                                    {"rarity", "\"rare\""},
                                                                    {"value", "120"},
                                                                    {"lat", "48.1"},
                                                                    {"lon", "11.5"},
                                                                    {"accuracy", "5"}};
  std::string out = "{";
  bool is_done = false;
  const auto add = [&](std::string_view key, std::string_view value) {
    if (!value.empty())
      out += std::string(out.size() > 1 ? ",\"" : "\"") + std::string(key) + "\":" + std::string(value);
  };
  for (const auto& [key, value] : members) {
    add(key, key == name ? json : std::string_view(value));
    is_done = is_done || key == name;
  }
  if (!is_done) add(name, json);
  return out + "}";
}

class DecoderTest : public testing::Test {
 protected:
  Result<Event> decode(std::string_view bytes) {
    arena_.reset();
    bytes_.assign(bytes.begin(), bytes.end());  // Nothing behind the last byte.
    bytes_.shrink_to_fit();
    return decoder_.decode({bytes_.data(), bytes_.size()}, ruleset_, arena_);
  }
  // An event of the type with a field of every type; its fields follow the envelope.
  Result<Event> decode_everything(std::string_view fields) {
    return decode(R"({"type":"everything","player":"ada",)" + std::string(fields) + "}");
  }
  void expect_refused(std::string_view bytes, Code code, Fault fault, std::string_view field) {
    SCOPED_TRACE(bytes.substr(0, 400));
    const Result<Event> event = decode(bytes);
    ASSERT_FALSE(event);
    EXPECT_EQ(name_of(event.error().code), name_of(code));
    EXPECT_EQ(event.error().reason, static_cast<std::uint8_t>(fault)) << decoder_.describe(event.error());
    EXPECT_EQ(decoder_.field_name(), field);
  }

  Ruleset ruleset_ = test_ruleset();
  Arena arena_;
  Decoder decoder_;
  std::vector<char> bytes_;
};

TEST_F(DecoderTest, AnEventHasItsEnvelopeAndItsFieldsInDeclaredOrder) {
  const Result<Event> event = decode(find);
  ASSERT_TRUE(event);
  EXPECT_EQ(ruleset_.events[event->type].name, "treasure_found");
  EXPECT_EQ(event->envelope.player, "ada");
  EXPECT_EQ(event->envelope.id, "e1");
  EXPECT_EQ(event->envelope.ref, "7");
  EXPECT_EQ(event->ts, (Timestamp{1'784'484'000, 123'000'000}));
  EXPECT_EQ(event->at, std::nullopt);
  ASSERT_EQ(event->fields.size(), 6U);
  EXPECT_EQ(event->fields[0].as_string(), "t1");
  EXPECT_EQ(event->fields[1].as_string(), "rare");
  EXPECT_EQ(event->fields[2].as_int64(), 120);
  EXPECT_EQ(event->fields[3].as_float64(), 48.1);
  EXPECT_EQ(event->fields[4].as_float64(), 11.5);
  EXPECT_EQ(event->fields[5].as_float64(), 5.0);
  EXPECT_TRUE(event->fields[5].is(cel::Kind::float64));
}

TEST_F(DecoderTest, MembersComeInAnyOrderWithAnyBlanksAndEscapes) {
  const Result<Event> event = decode(
      "\r\n { \"accuracy\" : 5e0 ,\t\"lon\":11.5,\"lat\":48.1,\"v\\u0061lue\":120,\n"
      R"("rarity":"r\u0061re","treasure":"\u00fc\ud83c\udfc6","player":"\u0061da","type":"treasure\u005ffound"})"
      "\r");
  ASSERT_TRUE(event);
  EXPECT_EQ(event->envelope.player, "ada");
  EXPECT_EQ(event->envelope.id, "");
  EXPECT_EQ(event->envelope.ref, "");
  EXPECT_EQ(event->ts, std::nullopt);
  EXPECT_EQ(event->fields[0].as_string(), "\u00fc\U0001f3c6");
  EXPECT_EQ(event->fields[1].as_string(), "rare");
  EXPECT_EQ(event->fields[2].as_int64(), 120);
}

TEST_F(DecoderTest, ChoicesPointIntoTheRulesetAndOtherStringsIntoTheMessage) {
  const Result<Event> event = decode(find);
  ASSERT_TRUE(event);
  EXPECT_EQ(event->fields[1].as_string().data(), ruleset_.events[1].fields[1].one_of_strings[1].data());
  const char* treasure = event->fields[0].as_string().data();
  EXPECT_TRUE(treasure >= bytes_.data() && treasure < bytes_.data() + bytes_.size());
}

TEST_F(DecoderTest, FieldsOfEveryTypeHaveTheirValues) {
  const Result<Event> event = decode_everything(
      R"("flag":true,"count":-9223372036854775808,"level":5,"ratio":-1e-3,"word":"zwölf",)"
      R"("when":"1969-12-31T23:59:59Z",)"
      R"("tags":["a","b\n"],"counts":[],"times":[0,"1970-01-01T00:00:01Z"],"notes":{"x":1,"y\u0021":2.5},"flags":{})");
  ASSERT_TRUE(event);
  const std::string_view literals[] = {"true",
                                       "-9223372036854775808",
                                       "5",
                                       "-0.001",
                                       "'zwölf'",
                                       "timestamp('1969-12-31T23:59:59Z')",
                                       "['a', 'b\\n']",
                                       "[]",
                                       "[timestamp('1970-01-01T00:00:00Z'), timestamp('1970-01-01T00:00:01Z')]"};
  for (std::size_t i = 0; i < std::size(literals); ++i) {
    EXPECT_EQ(cel::to_literal(event->fields[i]), literals[i]);
  }
  const cel::Map& notes = event->fields[9].as_map();
  ASSERT_EQ(notes.size, 2U);
  EXPECT_EQ(cel::find(notes, cel::Value::string("x"))->as_float64(), 1.0);
  EXPECT_EQ(cel::find(notes, cel::Value::string("y!"))->as_float64(), 2.5);
  EXPECT_EQ(event->fields[10].as_map().size, 0U);
}

TEST_F(DecoderTest, LargerMapsAreFoundInToo) {
  std::string fields = "\"notes\":{";
  for (int i = 0; i < 12; ++i) fields += (i > 0 ? ",\"k" : "\"k") + std::to_string(i) + "\":" + std::to_string(i);
  const Result<Event> event = decode_everything(fields + "}");
  ASSERT_TRUE(event);
  for (int i = 0; i < 12; ++i) {
    const cel::Value* found = cel::find(event->fields[9].as_map(), cel::Value::string("k" + std::to_string(i)));
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(found->as_float64(), i);
  }
}

TEST_F(DecoderTest, AbsentOptionalFieldsAreErrors) {
  const Result<Event> event = decode(R"({"type":"everything","player":"ada"})");
  ASSERT_TRUE(event);
  for (const cel::Value& value : event->fields) {
    EXPECT_TRUE(value.is_error());
    EXPECT_EQ(value.error_kind(), cel::ErrorKind::no_such_field);
  }
}

TEST_F(DecoderTest, MembersOfTheEnvelopeAreChecked) {
  const std::string long_name = "\"" + std::string(129, 'p') + "\"";
  struct {
    std::string_view member;
    std::string_view json;
    Code code;
    Fault fault;
  } const rows[] = {
      {"type", "", Code::missing_field, Fault::missing},
      {"type", "null", Code::invalid_field, Fault::wrong_type},
      {"type", "7", Code::invalid_field, Fault::wrong_type},
      {"type", R"(["ping"])", Code::invalid_field, Fault::wrong_type},
      {"type", R"("")", Code::unknown_type, Fault::unknown_type},
      {"type", R"("Ping")", Code::unknown_type, Fault::unknown_type},
      {"type", R"("ping ")", Code::unknown_type, Fault::unknown_type},
      {"type", R"("ping\u0000")", Code::unknown_type, Fault::unknown_type},
      {"player", "", Code::missing_field, Fault::missing},
      {"player", "null", Code::invalid_field, Fault::wrong_type},
      {"player", "7", Code::invalid_field, Fault::wrong_type},
      {"player", R"("")", Code::invalid_field, Fault::too_short},
      {"player", long_name, Code::invalid_field, Fault::too_long},
      {"player", R"("a\u0000")", Code::invalid_field, Fault::control_character},
      {"player", R"("\u0085")", Code::invalid_field, Fault::control_character},
      {"id", "null", Code::invalid_field, Fault::wrong_type},
      {"id", "1", Code::invalid_field, Fault::wrong_type},
      {"id", R"("")", Code::invalid_field, Fault::too_short},
      {"id", long_name, Code::invalid_field, Fault::too_long},
      {"id", R"("\u007f")", Code::invalid_field, Fault::control_character},
      {"ts", "null", Code::invalid_field, Fault::wrong_type},
      {"ts", "1.0", Code::invalid_field, Fault::not_an_integer},
      {"ts", "9223372036854775808", Code::invalid_field, Fault::bad_timestamp},
      {"ts", "253402300800000", Code::invalid_field, Fault::bad_timestamp},
      {"ts", R"("now")", Code::invalid_field, Fault::bad_timestamp},
      {"ref", "null", Code::invalid_field, Fault::wrong_type},
      {"ref", "true", Code::invalid_field, Fault::wrong_type},
      {"ref", "1.5", Code::invalid_field, Fault::not_an_integer},
      {"ref", "1e2", Code::invalid_field, Fault::not_an_integer},
      {"ref", "9223372036854775808", Code::invalid_field, Fault::int_range},
      {"ref", "{}", Code::invalid_field, Fault::wrong_type},
  };
  for (const auto& row : rows) expect_refused(changed(row.member, row.json), row.code, row.fault, row.member);
}

TEST_F(DecoderTest, DeclaredFieldsAreChecked) {
  struct {
    std::string_view member;
    std::string_view json;
    Fault fault;
  } const rows[] = {
      {"treasure", "null", Fault::wrong_type},
      {"treasure", "1", Fault::wrong_type},
      {"treasure", R"("")", Fault::too_short},
      {"treasure", R"("12345678901234567890123456789012345678901234567890123456789012345")", Fault::too_long},
      {"rarity", R"("Rare")", Fault::not_one_of},
      {"rarity", R"("")", Fault::not_one_of},
      {"rarity", "2", Fault::wrong_type},
      {"rarity", "null", Fault::wrong_type},
      {"value", "-1", Fault::below_min},
      {"value", "10001", Fault::above_max},
      {"value", "9223372036854775808", Fault::int_range},
      {"value", "1.0", Fault::not_an_integer},
      {"value", "1e2", Fault::not_an_integer},
      {"value", R"("120")", Fault::wrong_type},
      {"value", "true", Fault::wrong_type},
      {"value", "null", Fault::wrong_type},
      {"lat", "-90.00000000001", Fault::below_min},
      {"lat", "90.00000000001", Fault::above_max},
      {"lat", "1e999", Fault::not_finite},
      {"lat", R"("48")", Fault::wrong_type},
      {"lat", "null", Fault::wrong_type},
      {"accuracy", "-1", Fault::below_min},
      {"accuracy", "[5]", Fault::wrong_type},
  };
  for (const auto& row : rows) {
    expect_refused(changed(row.member, row.json), Code::invalid_field, row.fault, row.member);
  }
  for (const std::string_view member : {"treasure", "rarity", "value", "lat", "lon", "accuracy"}) {
    expect_refused(changed(member, ""), Code::missing_field, Fault::missing, member);
  }
}

TEST_F(DecoderTest, BoundsAreInclusive) {
  for (const auto& [member, json] : std::initializer_list<std::pair<std::string_view, std::string_view>>{
           {"value", "0"},
           {"value", "-0"},
           {"value", "10000"},
           {"lat", "-90"},
           {"lat", "90.0"},
           {"lon", "1.8e2"},
           {"accuracy", "-0"},
           {"treasure", R"("1234567890123456789012345678901234567890123456789012345678901234")"}}) {
    EXPECT_TRUE(decode(changed(member, json))) << member << " " << json;
  }
}

TEST_F(DecoderTest, FieldsOfTheOtherTypesAreChecked) {
  struct {
    std::string_view fields;
    std::string_view member;
    Fault fault;
  } const rows[] = {
      {R"("flag":null)", "flag", Fault::wrong_type},
      {R"("flag":1)", "flag", Fault::wrong_type},
      {R"("flag":"true")", "flag", Fault::wrong_type},
      {R"("count":null)", "count", Fault::wrong_type},
      {R"("level":2)", "level", Fault::not_one_of},
      {R"("level":5.0)", "level", Fault::not_an_integer},
      {R"("ratio":-1e400)", "ratio", Fault::not_finite},
      {R"("word":"a")", "word", Fault::too_short},
      {R"("word":"zwölfeins")", "word", Fault::too_long},
      {R"("when":"yesterday")", "when", Fault::bad_timestamp},
      {R"("when":1.5)", "when", Fault::not_an_integer},
      {R"("tags":"a")", "tags", Fault::wrong_type},
      {R"("tags":{"a":"b"})", "tags", Fault::wrong_type},
      {R"("tags":["a","b","c","d"])", "tags", Fault::too_many_items},
      {R"("tags":["a",1])", "tags", Fault::wrong_type},
      {R"("tags":["a",null])", "tags", Fault::wrong_type},
      {R"("tags":["a",["b"]])", "tags", Fault::wrong_type},
      {R"("tags":[[["b"]]])", "tags", Fault::wrong_type},
      {R"("tags":[""])", "tags", Fault::too_short},
      {R"("tags":["12345"])", "tags", Fault::too_long},
      {R"("counts":[1,2.0])", "counts", Fault::not_an_integer},
      {R"("counts":[9223372036854775808])", "counts", Fault::int_range},
      {R"("times":["x"])", "times", Fault::bad_timestamp},
      {R"("notes":[])", "notes", Fault::wrong_type},
      {R"("notes":{"a":"b"})", "notes", Fault::wrong_type},
      {R"("notes":{"a":1,"b":1e999})", "notes", Fault::not_finite},
      {R"("notes":{"12345":1})", "notes", Fault::too_long},
      {R"("flags":{"a":{"b":true}})", "flags", Fault::wrong_type},
  };
  for (const auto& row : rows) {
    expect_refused(R"({"type":"everything","player":"ada",)" + std::string(row.fields) + "}", Code::invalid_field,
                   row.fault, row.member);
  }
}

// One thing is wrong less in each row: what decides is the next in the protocol's order.
TEST_F(DecoderTest, TheFirstThingThatIsWrongInTheProtocolsOrderDecides) {
  ruleset_.reject_unknown_fields = true;
  struct {
    std::string_view line;
    Code code;
    std::string_view field;
  } const rows[] = {
      {R"({"x":1,"value":-1,"rarity":"no","ref":[],"ts":[],"id":1,"player":2,"type":"no"} x)", Code::malformed, ""},
      {R"({"x":1,"value":-1,"rarity":"no","ref":[],"ts":[],"id":1,"player":2,"type":7})", Code::invalid_field, "type"},
      {R"({"x":1,"value":-1,"rarity":"no","ref":[],"ts":[],"id":1,"player":2})", Code::missing_field, "type"},
      {R"({"x":1,"value":-1,"rarity":"no","ref":[],"ts":[],"id":1,"player":2,"type":"no"})", Code::unknown_type,
       "type"},
      {R"({"x":1,"value":-1,"rarity":"no","ref":[],"ts":[],"id":1,"player":2,"type":"treasure_found"})",
       Code::invalid_field, "player"},
      {R"({"x":1,"value":-1,"rarity":"no","ref":[],"ts":[],"id":1,"type":"treasure_found"})", Code::missing_field,
       "player"},
      {R"({"x":1,"value":-1,"rarity":"no","ref":[],"ts":[],"id":1,"player":"a","type":"treasure_found"})",
       Code::invalid_field, "id"},
      {R"({"x":1,"value":-1,"rarity":"no","ref":[],"ts":[],"player":"a","type":"treasure_found"})", Code::invalid_field,
       "ts"},
      {R"({"x":1,"value":-1,"rarity":"no","ref":[],"player":"a","type":"treasure_found"})", Code::invalid_field, "ref"},
      {R"({"x":1,"value":-1,"rarity":"no","player":"a","type":"treasure_found"})", Code::missing_field, "treasure"},
      {R"({"x":1,"value":-1,"rarity":"no","player":"a","type":"treasure_found","treasure":"t"})", Code::invalid_field,
       "rarity"},
      {R"({"x":1,"value":-1,"rarity":"rare","player":"a","type":"treasure_found","treasure":"t"})", Code::invalid_field,
       "value"},
      {R"({"x":1,"value":1,"rarity":"rare","player":"a","type":"treasure_found","treasure":"t"})", Code::missing_field,
       "lat"},
      {R"({"x":1,"y":2,"type":"ping","player":"a"})", Code::invalid_field, "x"},
  };
  for (const auto& row : rows) {
    const Result<Event> event = decode(row.line);
    ASSERT_FALSE(event) << row.line;
    EXPECT_EQ(name_of(event.error().code), name_of(row.code)) << row.line;
    EXPECT_EQ(decoder_.field_name(), row.field) << row.line;
  }
}

TEST_F(DecoderTest, UnknownMembersAreIgnoredOrRefusedAsTheRulesetSays) {
  const std::string_view line = R"({"type":"ping","player":"ada","ref":"r","lat":1,"team":{"a":[1e999,null]}})";
  EXPECT_TRUE(decode(line));
  ruleset_.reject_unknown_fields = true;
  expect_refused(line, Code::invalid_field, Fault::unknown_field, "lat");
  EXPECT_TRUE(decode(R"({"type":"ping","player":"ada","ref":"r","id":"e","ts":0})"));
  expect_refused(R"({"type":"ping","player":"ada","at":0})", Code::invalid_field, Fault::unknown_field, "at");
  expect_refused(R"({"type":"ping","player":"ada","PLAYER":"bob"})", Code::invalid_field, Fault::unknown_field,
                 "PLAYER");
}

TEST_F(DecoderTest, IgnoredMembersAreCheckedToBeJson) {
  const auto with = [](std::string_view json) { return changed("note", json); };
  for (const std::string_view json : {"1e999", "99999999999999999999999", "null", "[[],{}]", R"("\ud83c\udfc6\u0000")",
                                      R"({"__proto__":{"a":1}})", "-0.0e-0"}) {
    EXPECT_TRUE(decode(with(json))) << json;
  }
  struct {
    std::string_view json;
    Fault fault;
  } const rows[] = {
      {"01", Fault::not_json},
      {"NaN", Fault::not_json},
      {"-Infinity", Fault::not_json},
      {"+1", Fault::not_json},
      {R"("\ud83c")", Fault::lone_surrogate},
      {"\"\xc0\x80\"", Fault::not_utf8},
      {R"({"a":1,"\u0061":2})", Fault::duplicate_member},
      {R"([{"a":{"b":1,"b":2}}])", Fault::duplicate_member},
      {"\"\n\"", Fault::not_json},
  };
  for (const auto& row : rows) expect_refused(with(row.json), Code::malformed, row.fault, "");
}

TEST_F(DecoderTest, TwiceTheSameMemberIsMalformedWhereverAndHoweverWritten) {
  for (const std::string_view member : {R"("player":"bob")", R"("pl\u0061yer":"ada")", R"("type":"ping")",
                                        R"("value":120)", R"("ref":1)", R"("ts":0)"}) {
    std::string line(find.substr(0, find.size() - 1));
    line += "," + std::string(member) + "}";
    expect_refused(line, Code::malformed, Fault::duplicate_member, "");
  }
  expect_refused(R"({"type":"ping","player":"ada","x":1,"x":1})", Code::malformed, Fault::duplicate_member, "");
}

TEST_F(DecoderTest, Level33IsMalformedAlsoInIgnoredMembers) {
  const auto nested = [](std::size_t levels) {
    return R"({"type":"ping","player":"ada","x":)" + std::string(levels, '[') + std::string(levels, ']') + "}";
  };
  EXPECT_TRUE(decode(nested(31)));
  expect_refused(nested(32), Code::malformed, Fault::too_deep, "");
}

TEST_F(DecoderTest, AnEventHas16384BytesAtMost) {
  const auto sized = [](std::size_t bytes) {
    const std::string head = R"({"type":"ping","player":"ada","x":")";
    return head + std::string(bytes - head.size() - 2, 'x') + "\"}";
  };
  EXPECT_TRUE(decode(sized(16'384)));
  expect_refused(sized(16'385), Code::too_large, Fault::too_large, "");
  expect_refused(sized(16'384) + "\r", Code::too_large, Fault::too_large, "");
  EXPECT_TRUE(decode(sized(16'383) + "\r"));
  expect_refused(std::string(20'000, '['), Code::too_large, Fault::too_large, "");  // Before malformed.
}

TEST_F(DecoderTest, TheRecordedArrivalTimeDoesNotCountAmongThe16384Bytes) {
  Decoder offline({.takes_at = true});
  const auto recorded = [](std::size_t bytes_as_sent) {
    const std::string head = R"({"type":"ping","player":"ada","x":")";
    std::string event = head + std::string(bytes_as_sent - head.size() - 2, 'x') + "\"}";
    return event.insert(1, R"("at":"2026-07-19T20:00:00.123456789Z",)");
  };
  EXPECT_TRUE(offline.decode(recorded(16'384), ruleset_, arena_));
  const Result<Event> over = offline.decode(recorded(16'385), ruleset_, arena_);
  ASSERT_FALSE(over);
  EXPECT_EQ(over.error().code, Code::too_large);
  const Result<Event> cut = offline.decode(std::string(16'400, '['), ruleset_, arena_);
  ASSERT_FALSE(cut);
  EXPECT_EQ(cut.error().code, Code::too_large);
}

TEST_F(DecoderTest, AnswersKnowWhatIsValidOfTheEnvelope) {
  struct {
    std::string_view line;
    std::string_view player, id, ref;
  } const rows[] = {
      {R"({"type":"no","player":"ada","id":"e1","ref":"r\n"})", "ada", "e1", R"("r\n")"},
      {R"({"player":"ada","id":"e1","ref":-5})", "ada", "e1", "-5"},
      {R"({"type":"ping","player":7,"id":"e1","ref":1})", "", "e1", "1"},
      {R"({"type":"ping","id":"e1"})", "", "e1", ""},
      {R"({"type":"ping","player":"\u0061da","id":7,"ref":[]})", "ada", "", ""},
      {R"({"type":"treasure_found","player":"ada","id":"e1","ref":1})", "ada", "e1", "1"},
      {R"({"type":"ping","player":"ada","id":"e1","ref":1} x)", "", "", ""},
      {R"({"type":"ping","player":"ada","id":"e1","x":{"a":1,"a":1}})", "", "", ""},
  };
  for (const auto& row : rows) {
    SCOPED_TRACE(row.line);
    ASSERT_FALSE(decode(row.line));
    EXPECT_EQ(decoder_.envelope().player, row.player);
    EXPECT_EQ(decoder_.envelope().id, row.id);
    EXPECT_EQ(decoder_.envelope().ref, row.ref);
  }
  ASSERT_TRUE(decode(find));
  EXPECT_EQ(decoder_.envelope().player, "ada");
  EXPECT_EQ(decoder_.field_name(), "");
}

TEST_F(DecoderTest, RecordedEventsCarryTheirArrivalTime) {
  Decoder decoder({.takes_at = true});
  ruleset_.reject_unknown_fields = true;
  const std::string_view line = R"({"type":"ping","player":"ada","ts":1000,"at":"1970-01-01T00:00:02Z"})";
  const Result<Event> event = decoder.decode(line, ruleset_, arena_);
  ASSERT_TRUE(event);
  EXPECT_EQ(event->ts, (Timestamp{1, 0}));
  EXPECT_EQ(event->at, (Timestamp{2, 0}));
  const Result<Event> bad = decoder.decode(R"({"type":"ping","player":"ada","at":null})", ruleset_, arena_);
  ASSERT_FALSE(bad);
  EXPECT_EQ(bad.error().code, Code::invalid_field);
  EXPECT_EQ(decoder.field_name(), "at");
}

TEST_F(DecoderTest, AnotherRulesetIsAnotherSchema) {
  Ruleset other;
  other.hash = "other";
  declare(other, "lap", {int_field("millis")});
  declare(other, "ping", {string_field("word")});
  EXPECT_TRUE(decode(R"({"type":"ping","player":"ada"})"));
  const Result<Event> lap = decoder_.decode(R"({"type":"lap","player":"ada","millis":61200})", other, arena_);
  ASSERT_TRUE(lap);
  EXPECT_EQ(lap->fields[0].as_int64(), 61'200);
  EXPECT_FALSE(decoder_.decode(R"({"type":"ping","player":"ada"})", other, arena_));
  EXPECT_TRUE(decode(find));
  ruleset_ = std::move(other);  // The same address, another hash.
  expect_refused(find, Code::unknown_type, Fault::unknown_type, "type");
}

TEST_F(DecoderTest, ErrorsNameTheFieldAndThePlace) {
  const Result<Event> event = decode(R"({"type":"treasure_found","player":"a","treasure":"t","rarity":"x"})");
  ASSERT_FALSE(event);
  EXPECT_EQ(event.error().field, 2U);
  EXPECT_EQ(event.error().position, 62U);
}

TEST_F(DecoderTest, WordsSayWhatIsWrongAndWhatWouldBeRight) {
  struct {
    std::string line;
    std::string words;
  } const rows[] = {
      {"", "the message is empty"},
      {"[]", "not a JSON object"},
      {"{]", "not JSON at byte 1"},
      {"\xff", "not UTF-8"},
      {R"({"a":"\udc00"})", "half of a surrogate pair is escaped at byte 6"},
      {R"({"a":1,"a":2})", "the member at byte 7 is there twice"},
      {R"({}{})", "more than one JSON object: byte 2 follows it"},
      {R"({"a":)" + std::string(32, '[') + std::string(32, ']') + "}", "nested deeper than 32 levels at byte 36"},
      {std::string(16'385, ' '), "larger than 16384 bytes"},
      {changed("type", ""), "'type' is missing"},
      {changed("type", "1"), "'type' must be a string"},
      {changed("type", "\"treasure_lost\""), "there is no event type 'treasure_lost'"},
      {changed("type", "\"" + std::string(63, 'x') + "\u00fc\""),
       "there is no event type '" + std::string(63, 'x') + "'"},
      {changed("player", "\"\""), "'player' is shorter than 1 byte"},
      {changed("player", "\"" + std::string(129, 'p') + "\""), "'player' is longer than 128 bytes"},
      {changed("player", R"("\n")"), "'player' has a control character"},
      {changed("ts", "true"), "'ts' must be a timestamp"},
      {changed("ts", "\"x\""),
       "'ts' is no time between 0001 and 9999: milliseconds since the Unix epoch, or RFC 3339 text"},
      {changed("ref", "[]"), "'ref' must be a string or an int"},
      {changed("value", "null"), "'value' must be an int"},
      {changed("value", "1.5"), "'value' must be an integer, without fraction and exponent"},
      {changed("value", "9223372036854775808"), "'value' does not fit into 64 bits"},
      {changed("value", "-1"), "'value' is below 0"},
      {changed("value", "10001"), "'value' is above 10000"},
      {changed("lat", "91"), "'lat' is above 90"},
      {changed("lat", "1e999"), "'lat' is not finite as a double"},
      {changed("rarity", "\"gold\""), "'rarity' is none of common, rare, epic, legendary"},
      {R"({"type":"everything","player":"a","level":3})", "'level' is none of 1, 5, 10"},
      {R"({"type":"everything","player":"a","tags":1})", "'tags' must be a list<string>"},
      {R"({"type":"everything","player":"a","tags":["a","a","a","a"]})", "'tags' has more than 3 items"},
      {R"({"type":"everything","player":"a","tags":["aaaaa"]})", "'tags' has a string that is longer than 4 bytes"},
      {R"({"type":"ping","player":"a","lat":3})", "'lat' is no field of ping"},
  };
  ruleset_.reject_unknown_fields = true;
  for (const auto& row : rows) {
    const Result<Event> event = decode(row.line);
    ASSERT_FALSE(event) << row.line;
    EXPECT_EQ(decoder_.describe(event.error()), row.words);
  }
}

TEST_F(DecoderTest, AnEventCutAnywhereIsMalformed) {
  for (const std::string_view line :
       {std::string_view(find),
        std::string_view(R"({"type":"ping","player":"\u00fc\ud83c\udfc6ü","x":[1.5e3,{"a":[true,false,null]}]})")}) {
    ASSERT_TRUE(decode(line)) << line;
    for (std::size_t size = 0; size < line.size(); ++size) {
      const Result<Event> event = decode(line.substr(0, size));
      ASSERT_FALSE(event) << size;
      EXPECT_EQ(name_of(event.error().code), "malformed") << size;
    }
  }
}

// Goal: no bytes crash the decoder, and what it takes is within the schema. Method: a good line with random bytes
// changed, from a fixed seed; values that survive are compared with their bounds.
TEST_F(DecoderTest, SpoiledEventsAreRefusedOrWithinBounds) {
  constexpr std::uint64_t seed = 7;
  std::mt19937_64 random(seed);
  int accepted = 0;
  for (int i = 0; i < 20'000; ++i) {
    std::string line(find);
    for (std::uint64_t changes = 1 + random() % 3; changes > 0; --changes) {
      line[random() % line.size()] = static_cast<char>(random() % 2 == 0 ? '0' + random() % 10 : random() % 256);
    }
    const Result<Event> event = decode(line);
    if (!event) {
      ASSERT_FALSE(decoder_.describe(event.error()).empty());
      continue;
    }
    ++accepted;
    if (ruleset_.events[event->type].name != "treasure_found") continue;
    SCOPED_TRACE(testing::Message() << "seed " << seed << ", step " << i << ": " << line);
    ASSERT_GE(event->fields[2].as_int64(), 0);
    ASSERT_LE(event->fields[2].as_int64(), 10'000);
    ASSERT_LE(event->fields[3].as_float64(), 90.0);
    ASSERT_FALSE(event->envelope.player.empty());
  }
  EXPECT_GT(accepted, 1'000);
}

TEST_F(DecoderTest, AWarmDecoderAllocatesNothing) {
  std::vector<std::string> lines = {
      std::string(find),
      std::string(find.substr(0, 100)),
      changed("type", "\"no\""),
      changed("value", "-1"),
      R"({"type":"everything","player":"\u0061da","tags":["a","b"],"notes":{"a":1,"b":2,"c":3},"word":"\u00fc\u00fc"})",
  };
  std::string many = R"({"type":"ping","player":"ada")";
  for (int i = 0; i < 1'000; ++i) many += ",\"" + std::to_string(i) + "\":0";
  lines.push_back(many + "}");
  int good = 0;
  const auto decode_all = [&] {
    for (const std::string& line : lines) {
      arena_.reset();
      good += decoder_.decode(line, ruleset_, arena_) ? 1 : 0;
    }
  };
  decode_all();
  const std::size_t before = allocation_count();
  for (int i = 0; i < 100; ++i) decode_all();
  EXPECT_EQ(allocation_count(), before);
  EXPECT_EQ(good, 101 * 3);
}

}  // namespace
}  // namespace tallyho
