#pragma once

#include <algorithm>
#include <chrono>
#include <cstddef>
#include <cstdint>

#include "server/rates.h"

namespace tallyho {

// Every bound of the server that a client can meet, and those that keep its memory bounded. The first group is told in
// the answer to `hello`; all of them are in the protocol's reference.
struct Limits {
  std::size_t event_bytes_max = 16'384;            // One event; at most what the decoder takes.
  std::size_t frame_bytes_max = 1 << 20;           // A WebSocket frame (message) from a client; over it: close 1009.
  std::uint32_t watches_max = 64;                  // Of one connection.
  std::uint32_t top_max = 1000;                    // Members a watch shows.
  std::uint32_t radius_max = 50;                   // Members on either side of `around`.
  std::uint32_t page_max = 1000;                   // Members of one page, names of one POST …/ranks.
  std::size_t backlog_bytes_max = 1 << 20;         // Answers waiting to be sent; over it: no reading from that client.
  std::chrono::milliseconds send_timeout{30'000};  // A client that takes no byte for so long is dropped.
  std::chrono::milliseconds push_interval{50};     // At most one change per watch in that time.

  std::size_t body_bytes_max = 1 << 20;           // Of an HTTP request; over it: 413.
  std::uint32_t header_bytes_max = 8'192;         // Of an HTTP request; over it: 431.
  std::size_t connections_max = 20'000;           // In all. Over it: accepted and closed at once.
  std::size_t connections_per_address_max = 256;  // Of those, not counting loopback.
  std::size_t queue_batches_max = 16'384;         // Frames and requests on their way to the engine, per I/O thread.
  std::size_t queue_bytes_max = 64 << 20;         // Their bytes. Over either: `overloaded`.
  std::size_t batches_in_flight_max = 64;         // Of one WebSocket; over it: no reading from that client.
  std::chrono::milliseconds retry_after{100};     // What `overloaded` and `unavailable` suggest.

  // Where tokens are asked, but for the roles ingest and admin. Over it: `overloaded`.
  Rate connection_rate{.per_second = 100, .burst = 500};  // Messages and requests of one connection.
  Rate player_rate{.per_second = 50, .burst = 200};       // Events of one player.

  // From the first byte of a request, or from accepting, to the end of its header.
  std::chrono::milliseconds header_timeout{10'000};
  std::chrono::milliseconds body_timeout{30'000};  // From there to the end of its body; and for a WebSocket's message.
  std::chrono::milliseconds keep_alive{60'000};    // Between requests; and a WebSocket that says nothing gets a ping.
  std::chrono::milliseconds pong_timeout{20'000};  // Nothing heard so long after a ping: dropped.
  // A WebSocket without a token that says nothing: closed, 1008.
  std::chrono::milliseconds first_message_timeout{5'000};
  std::chrono::milliseconds close_timeout{5'000};  // For the closing handshake, and for stop() altogether.
  std::chrono::milliseconds heartbeat{15'000};     // A stream that has nothing to say sends a comment.
  std::chrono::milliseconds sweep_interval{100};   // How often timeouts are looked at, at most.

  // So long a connection with which nothing is under way need not be looked at: what begins meanwhile is not over
  // sooner.
  std::chrono::milliseconds quiet_interval() const {
    return std::min({send_timeout, header_timeout, body_timeout, keep_alive, pong_timeout, first_message_timeout,
                     close_timeout, heartbeat});
  }
  // And others: a timeout is noticed late by a part of the shortest.
  std::chrono::milliseconds look_interval() const {
    return std::min<std::chrono::milliseconds>(quiet_interval() / 8, std::chrono::seconds(1));
  }
};

}  // namespace tallyho
