#pragma once

#include <array>
#include <chrono>
#include <cstdint>
#include <expected>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>

#include "base/error.h"
#include "load/histogram.h"

namespace tallyho {

// An event to be played. Views are valid until the next one is asked for.
struct PlayedEvent {
  std::string_view line;    // One JSON object, without a newline.
  std::string_view player;  // Whom it scores; chooses the connection.
};

// Where the events come from, one after the other, made just in time.
class EventSource {
 public:
  virtual ~EventSource() = default;
  virtual std::optional<PlayedEvent> next() = 0;
};

struct PlayProgress {
  std::uint64_t sent = 0;
  std::uint64_t answered = 0;
};

struct PlayOptions {
  std::string url = "ws://127.0.0.1:7070/v1/ws";
  double rate = 18'000;         // Events per second, open loop; unless
  std::uint32_t in_flight = 0;  // so many per connection are in flight at a time: closed loop.
  std::uint32_t connections = 10;
  std::uint32_t batch = 1;     // Events per frame, at most.
  std::uint32_t watchers = 0;  // Connections that watch the top 10 of
  std::string board = "global";
  std::chrono::milliseconds answer_timeout{10'000};   // After the last answer, for the rest of them.
  std::function<void(const PlayProgress&)> progress;  // Some four times a second.
};

struct PlayResult {
  std::uint64_t events = 0;      // Sent.
  std::uint64_t unanswered = 0;  // Sent, and no answer came.
  double seconds = 0;            // From the first event's sending to the last answer.
  std::array<std::uint64_t, code_count> codes{};
  Histogram ack_ns;
  Histogram push_ns;
  std::string problem;  // Why it ended early, or "".

  double events_per_second() const { return seconds > 0 ? static_cast<double>(events - unanswered) / seconds : 0; }
};

// Plays events to a server over WebSockets, and measures.
//
// Ack latency is from when an event was due to its ack. Open loop, event n is due n / rate after the start, whatever
// the server does: a stalled server is charged for every event that had to wait, also those that could not be sent.
// (Events are sent in ticks of 0.2 ms at most after they were due; that is counted, too.) Closed loop, an event is due
// when it is sent.
//
// Push latency is from when an event was due to the arrival, at each watcher, of the change that shows what it did:
// the change that gives the event's player the total that the event's ack names, where the event's position lies
// between the versions of this and the watcher's previous message. So a change of place that others' events caused is
// not counted, and an event whose effect was merged into a later one's is counted with that one.
//
// A player's events all go over one connection, chosen by hash, so that the server gets them in order.
//
// Threads: the caller's, and one for the watchers. Errors: a sentence; no connection could be made.
std::expected<std::unique_ptr<PlayResult>, std::string> play(EventSource& source, const PlayOptions& options);

// {"events":…,"seconds":…,"events_per_second":…,"codes":{…},"ack_ms":{"p50":…,…},"push_ms":{…}}
std::string to_json(const PlayResult& result);

}  // namespace tallyho
