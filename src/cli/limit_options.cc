#include "cli/limit_options.h"

#include <chrono>
#include <string>

#include "CLI/CLI.hpp"
#include "base/time.h"
#include "cli/durations.h"
#include "server/server.h"

namespace tallyho::cli {
namespace {

constexpr const char* unlisted = "";  // CLI11 leaves out what is in no group.

class LimitOptions {
 public:
  explicit LimitOptions(CLI::App& verb) : verb_(verb) {}

  template <typename Number>
  void number(const std::string& name, Number& value, const std::string& what, double min = 1, double max = 1e15) {
    verb_.add_option("--limits-" + name, value, what)
        ->check(CLI::Range(min, max).description(""))
        ->type_name("N")
        ->capture_default_str()
        ->group(unlisted);
  }

  void duration(const std::string& name, std::chrono::milliseconds& value, const std::string& what) {
    verb_
        .add_option_function<std::string>(
            "--limits-" + name,
            [&value](const std::string& text) {
              value = std::chrono::ceil<std::chrono::milliseconds>(*parse_duration(text));
            },
            what)
        ->check(duration_validator())
        ->type_name("DURATION")
        ->default_str(format_duration(value))
        ->group(unlisted);
  }

 private:
  CLI::App& verb_;
};

void add_for_clients(LimitOptions& add, Limits& limits) {
  add.number("event-bytes-max", limits.event_bytes_max, "Of one event", 64, 16'384);
  add.number("frame-bytes-max", limits.frame_bytes_max, "Of a WebSocket message from a client; over it: closed, 1009",
             1024, 1 << 28);
  add.number("body-bytes-max", limits.body_bytes_max, "Of an HTTP request; over it: 413", 1024, 1 << 28);
  add.number("header-bytes-max", limits.header_bytes_max, "Of an HTTP request's header; over it: 431", 1024, 60'000);
  add.number("watches-max", limits.watches_max, "Of one connection; over it: capacity");
  add.number("top-max", limits.top_max, "Members that a watch shows", 1, 100'000);
  add.number("radius-max", limits.radius_max, "Members on either side of 'around'", 1, 10'000);
  add.number("page-max", limits.page_max, "Members of one page, and names of one POST .../ranks", 1, 100'000);
  add.duration("push-interval", limits.push_interval, "At most one change per watch in that time");
}

void add_for_memory(LimitOptions& add, Limits& limits) {
  add.number("connections-max", limits.connections_max, "In all; over it: closed as soon as accepted", 1, 10'000'000);
  add.number("connections-per-address-max", limits.connections_per_address_max,
             "Of those, from one IPv4 address or one /64 of IPv6; loopback is not counted", 1, 10'000'000);
  add.number("backlog-bytes-max", limits.backlog_bytes_max,
             "Answers waiting for one client; over it: nothing more is read from that client");
  add.number("queue-batches-max", limits.queue_batches_max,
             "Frames and requests on their way to the engine, per I/O thread; over it: overloaded", 1, 1 << 20);
  add.number("queue-bytes-max", limits.queue_bytes_max, "Their bytes; over it: overloaded");
  add.number("batches-in-flight-max", limits.batches_in_flight_max,
             "Frames of one WebSocket that are not answered, small ones that came together being one; over it: nothing "
             "more is read from it");
}

void add_for_rates(LimitOptions& add, Limits& limits) {
  add.number("connection-messages-per-second", limits.connection_rate.per_second,
             "Of one connection's messages and requests, but for the roles ingest and admin, and --dev; over it: "
             "overloaded; 0: any number",
             0, 1'000'000);
  add.number("connection-messages-burst", limits.connection_rate.burst, "So many of them at once", 1, 1'000'000);
  add.number("player-events-per-second", limits.player_rate.per_second,
             "Of one player's events that come with the role player; over it: overloaded; 0: any number", 0, 1'000'000);
  add.number("player-events-burst", limits.player_rate.burst, "So many of them at once", 1, 1'000'000);
}

void add_for_time(LimitOptions& add, Limits& limits) {
  add.duration("header-timeout", limits.header_timeout,
               "From accepting, or the first byte of a request, to the end of its header");
  add.duration("body-timeout", limits.body_timeout,
               "From there to the end of its body; and from the first byte of a WebSocket's message to its last");
  add.duration("first-message-timeout", limits.first_message_timeout,
               "A WebSocket without a token that says nothing for so long: closed, 1008");
  add.duration("keep-alive", limits.keep_alive, "Between requests; and a WebSocket that is silent so long gets a ping");
  add.duration("pong-timeout", limits.pong_timeout, "Nothing heard for so long after a ping: closed");
  add.duration("send-timeout", limits.send_timeout, "A client that takes no byte for so long: closed");
  add.duration("close-timeout", limits.close_timeout, "For closing a WebSocket, and for ending the server altogether");
  add.duration("retry-after", limits.retry_after, "What 'overloaded' and 'unavailable' suggest");
}

}  // namespace

void add_limit_options(CLI::App& verb, ServerOptions& options) {
  LimitOptions add(verb);
  add_for_clients(add, options.limits);
  add_for_memory(add, options.limits);
  add_for_rates(add, options.limits);
  add_for_time(add, options.limits);
  add.number("players-max", options.engine.players_max, "Of the game; over it: capacity");
  add.number("keys-max", options.engine.keys_max, "Of one scope; over it: capacity");
  add.number("groups-max", options.engine.groups_max, "Of one board; over it: capacity");
}

}  // namespace tallyho::cli
