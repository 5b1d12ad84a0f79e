#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>
#include <vector>

#include "event/event.h"
#include "event/json_token.h"

namespace tallyho {

// Where the members of an event are among its tokens: the index of each one's value, or 0 where it has none.
struct EventLayout {
  std::uint16_t type = 0;
  std::uint16_t player = 0;
  std::uint16_t id = 0;
  std::uint16_t ts = 0;
  std::uint16_t ref = 0;
  std::uint16_t at = 0;
  bool has_unknown = false;               // Members that are none of these and no declared fields.
  std::span<const std::uint16_t> fields;  // By declared field.
};

// What messages of a sender have in common. Who serializes events in the same way each time writes the same bytes
// between the values:
//
//     {"type":"ping","player":"  ada  ","id":"  e7  ","lat":  48.1  }
//
// These *pieces* are kept once JsonReader has accepted a message. A later one of the same pieces needs only its values
// read: no names, no search for fields, no type to look up.
//
//     if (const auto* known = shapes.read(bytes)) …          // shapes.tokens(), known->layout
//     else if (reader.read(bytes) is good and the event is, too) shapes.learn(bytes, reader.tokens(), layout, type);
//
// Why what read() says is what JsonReader would have said: the message is, from its first byte to its last, the pieces
// of *one* accepted message in their order, and between them values: where that had a string, a string without escapes
// and control characters, and where it had a number, true, false or null, one of those. A value in the place of another
// leaves an object an object, of one level. All names, with their escapes, and the value of `type` are within pieces:
// the same, and so as unique as they were. A piece begins with a quote where a string ends; where anything else does,
// with a byte that belongs to no number, so that numbers end where JsonReader would end them. Pieces begin and end
// within ASCII, so that the message is UTF-8 where its strings are, of which those beyond ASCII are asked about.
// What is not proved that way is not judged here: no shape ever refuses anything.
//
// The pieces of all shapes are a tree, as shapes begin alike. What a stranger can make it do: it holds no more than the
// limits below, and is emptied when it has been full for long; a message is compared with no more than `looks_max`
// wrong pieces; learning is a pass over the message, for one that is not known.
//
// Threads: one owner. Memory: as the shapes are, some hundred bytes each; at most 250 KB.
class Shapes {
 public:
  static constexpr std::size_t members_max = 32;    // Of a message that is learned,
  static constexpr std::size_t bytes_max = 2'048;   // and its size.
  static constexpr std::size_t pieces_max = 4'000;  // Of all shapes, as the two that follow.
  static constexpr std::size_t text_bytes_max = 64'000;
  static constexpr std::size_t shapes_max = 500;
  static constexpr int children_max = 64;  // Of a piece.
  static constexpr int looks_max = 128;
  static constexpr int unlearned_max = 4'000;  // Messages that found no room, until all is forgotten.

  struct Shape {
    EventTypeIndex type = 0;
    EventLayout layout;                 // Of tokens(); `layout.type` is 0.
    std::vector<std::uint16_t> fields;  // The layout's.
  };

  // The shape of a message with these bytes, valid until learn() or forget(); null if it has none that was learned.
  // O(bytes), no allocation.
  const Shape* read(std::string_view bytes);

  // Of the last read() that found something: the members' values as JsonReader gives them, but for `next` and `items`.
  const JsonToken* tokens() const { return tokens_.data(); }

  // Learns from the message that read() has just not known, with what JsonReader and its user made of it; if it has
  // only scalars, and there is room. O(bytes); allocates. Without memory it forgets, and throws nothing.
  void learn(std::string_view bytes, std::span<const JsonToken> tokens, const EventLayout& layout, EventTypeIndex type);

  // Of another ruleset nothing is known.
  void forget();

 private:
  enum class Next : std::uint8_t { string, bare, end };  // Between quotes; a number or literal; nothing.

  // The bytes before a value, or after the last one. Named by index; 0 is the root, which has no bytes.
  struct Piece {
    std::uint64_t head = 0;  // Its first eight bytes, zeros behind them,
    std::uint64_t mask = 0;  // and ones for each bit of them.
    std::uint32_t text = 0;  // All of them, in text_.
    std::uint16_t size = 0;
    std::uint16_t parent = 0;       // The piece before it.
    std::uint16_t sibling = 0;      // Another piece that may stand in its place, or 0.
    std::uint16_t child = 0;        // The first of those that may follow; or, of the end, the shape.
    std::uint16_t children = 0;     // How many they are,
    std::uint16_t alike_bytes = 0;  // and of how many bytes they all begin alike.
    Next next = Next::end;
  };
  // A message, and where in it one is.
  struct Place {
    const char* begin;
    const char* at;
    const char* end;
  };

  bool fits(const Piece& piece, const Place& place) const;
  std::uint16_t find(std::uint16_t parent, const Place& place);
  std::uint16_t look_through(std::uint16_t parent, const Place& place);
  bool has_room(std::string_view bytes, std::size_t members) const;
  void refuse();
  void enter_all(std::string_view bytes, std::span<const JsonToken> tokens, const EventLayout& layout,
                 EventTypeIndex type);
  std::uint16_t enter(std::uint16_t parent, std::string_view text, Next next);
  std::uint16_t add_shape(const EventLayout& layout, EventTypeIndex type);

  std::vector<Piece> pieces_;
  std::vector<char> text_;
  std::vector<Shape> shapes_;
  std::array<std::uint16_t, 1'024> hints_{};  // By parent and bytes: the child that had them last.
  int unlearned_ = 0;
  std::array<JsonToken, members_max + 1> tokens_;  // From 1.

  // Of the current read().
  int looks_ = 0;
  bool is_new_ = false;  // It was no value that made it unknown.
};

}  // namespace tallyho
