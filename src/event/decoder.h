#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "base/arena.h"
#include "base/error.h"
#include "event/event.h"
#include "event/fault.h"

namespace tallyho {

// Turns untrusted bytes into an Event, or says why not. Every value is walked and checked, also in members that the
// ruleset does not know.
//
//     Decoder decoder;
//     Result<Event> event = decoder.decode(line, *ruleset, arena);
//     if (!event) answer(event.error().code, decoder.describe(event.error()));
//
// Which error wins when several apply is the protocol's order; the first that applies in it is returned. `at`, where it
// is taken, comes after `ref`.
//
// What an Error holds: `reason`, a Fault; `field`, for a declared field 1 + its index in EventType::fields, else 0;
// `position`, the byte at which the value to blame (for `malformed`: the fault) stands, where there is one.
//
// It learns how its senders write events (event/shape.h): one that is written like an earlier one costs two fifths.
//
// Threads: one owner each. Memory: a warmed-up decoder allocates only in `arena`; it keeps 24 bytes per byte of the
// largest event, at most 250 KB of what it learned, and tables of names for the ruleset it saw last, which it tells
// from others by address and hash.
class Decoder {
 public:
  struct Options {
    bool takes_at = false;      // The member `at` is the recorded arrival time (offline); else it is an unknown field.
    bool learns_shapes = true;  // Off, every event is read as if it were the first: the same results, later.
  };

  Decoder();
  explicit Decoder(Options options);
  ~Decoder();

  // Decodes one event. O(bytes). `bytes` need no padding. The event's views point into `bytes`; into `arena` where a
  // string was unescaped and for lists and maps; and into the ruleset for strings of a `one_of`.
  // Errors: malformed, too_large, unknown_type, missing_field, invalid_field.
  Result<Event> decode(std::string_view bytes, const Ruleset& ruleset, Arena& arena);

  // Of the last decode(), also a failed one: what is known of the event's player, id and ref (as far as they are
  // valid themselves). For malformed events: nothing.
  const EventEnvelope& envelope() const;
  // Whether the last decode() read its event by the shape of an earlier one. For tests, and who counts.
  bool was_known() const;
  // Of the last decode(), if it failed: the member to blame, or "". Valid as long as what decode() was given.
  std::string_view field_name() const;
  // Of the last decode(), if it failed with `error`: a sentence without a full stop: "'value' is above 10000". Members
  // of the message that it names are cut to a printable length.
  std::string describe(const Error& error) const;

 private:
  struct Impl;
  std::unique_ptr<Impl> impl_;
};

}  // namespace tallyho
