#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace tallyho {

// Writes JSON onto the end of a string, with the commas in place.
//
//     std::string out;
//     JsonWriter json(out);
//     json.object();
//     json.key("code").text("ok");
//     json.key("points").number(20);
//     json.end();                       // {"code":"ok","points":20}
//
// Nothing is checked but the nesting; what is written compact is what comes out. Allocates only as `out` grows.
// Events are read by event/decoder.h, control messages by server/.
class JsonWriter {
 public:
  explicit JsonWriter(std::string& out) : out_(out) {}

  JsonWriter& object();  // {
  JsonWriter& array();   // [
  JsonWriter& end();     // Closes the innermost of them.
  JsonWriter& key(std::string_view name);
  JsonWriter& text(std::string_view text);  // Escapes ", \ and U+0000–U+001F; must be UTF-8.
  JsonWriter& number(std::int64_t number);
  JsonWriter& number(double number);  // Shortest that reads back equal; NaN and infinities as null.
  JsonWriter& boolean(bool value);
  JsonWriter& null();
  JsonWriter& raw(std::string_view json);  // A value that is JSON already.

 private:
  void comma();

  std::string& out_;
  std::uint64_t has_items_ = 0;  // A bit per open level: something was written there.
  std::uint64_t is_object_ = 0;
  int depth_ = 0;
  bool after_key_ = false;
};

// Appends `text` as a JSON string with its quotes.
void append_json_string(std::string& out, std::string_view text);

}  // namespace tallyho
