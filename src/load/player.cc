#include "load/player.h"

#include <algorithm>
#include <charconv>
#include <chrono>
#include <cmath>
#include <deque>
#include <vector>

#include "base/json.h"
#include "boost/asio/io_context.hpp"
#include "boost/asio/post.hpp"
#include "boost/asio/steady_timer.hpp"
#include "load/push_clock.h"
#include "load/watchers.h"
#include "load/websocket_client.h"

namespace tallyho {
namespace {

using Clock = std::chrono::steady_clock;

constexpr std::chrono::microseconds tick{200};
constexpr std::chrono::microseconds closed_loop_tick{5000};
constexpr std::size_t waiting_max = 4096;  // Closed loop: events made ahead for a connection that is full.

std::int64_t now_ns() {
  return Clock::now().time_since_epoch() / std::chrono::nanoseconds(1);
}

struct Url {
  std::string host;
  std::uint16_t port = 7070;
  std::string path = "/v1/ws";
};

// "ws://127.0.0.1:7070/v1/ws"; the path may be left out.
std::expected<Url, std::string> parse_url(std::string_view text) {
  const auto bad = std::unexpected("'" + std::string(text) + "' is not ws://HOST:PORT");
  constexpr std::string_view scheme = "ws://";
  if (!text.starts_with(scheme)) return bad;
  text.remove_prefix(scheme.size());
  const std::size_t slash = std::min(text.find('/'), text.size());
  const std::string_view authority = text.substr(0, slash);
  const std::size_t colon = authority.rfind(':');
  Url url;
  url.host = authority.substr(0, colon);
  if (slash + 1 < text.size()) url.path = text.substr(slash);
  if (colon != std::string_view::npos) {
    const std::string_view port = authority.substr(colon + 1);
    const auto [end, error] = std::from_chars(port.data(), port.data() + port.size(), url.port);
    if (error != std::errc() || end != port.data() + port.size()) return bad;
  }
  if (url.host.empty()) return bad;
  return url;
}

// An event that waits for its answer.
struct InFlight {
  std::int64_t due_ns = 0;
  std::uint64_t player = 0;
};

// A connection that sends events.
struct Sender {
  explicit Sender(boost::asio::io_context& context) : client(context) {}

  WebSocketClient client;
  std::deque<InFlight> in_flight;  // In the order of sending, which is the order of the answers.
  std::string frame;               // Being filled, with `events` in it.
  std::uint32_t events = 0;
  std::deque<std::pair<std::string, std::uint64_t>> waiting;  // Closed loop: events and players.
};

// One run of play().
class Play {
 public:
  Play(EventSource& source, const PlayOptions& options)
      : source_(source), options_(options), timer_(context_), result_(std::make_unique<PlayResult>()) {}

  std::string connect(const Url& url);
  std::unique_ptr<PlayResult> run();

 private:
  void on_tick();
  void send_due();
  void fill_up();
  void send_waiting(Sender& sender);
  void add_to_frame(Sender& sender, std::string_view line, std::uint64_t player, std::int64_t due_ns);
  void send_frame(Sender& sender);
  void answered(Sender& sender, std::string_view message);
  void take_answer(Sender& sender, std::string_view line, std::int64_t now);
  void report(std::int64_t now);
  bool is_over(std::int64_t now) const;
  Clock::time_point next_tick(std::int64_t now) const;
  // When an event is due, in an open loop.
  std::int64_t due_of(std::uint64_t number) const {
    return started_ns_ + std::llround(static_cast<double>(number) / options_.rate * 1e9);
  }
  void lost(const std::string& why);
  Sender& sender_for(std::uint64_t player) { return *senders_[player % senders_.size()]; }
  bool is_closed_loop() const { return options_.in_flight > 0; }

  EventSource& source_;
  const PlayOptions& options_;
  boost::asio::io_context context_{1};
  boost::asio::steady_timer timer_;
  std::vector<std::unique_ptr<Sender>> senders_;
  std::unique_ptr<PlayResult> result_;
  PushClock push_clock_{result_->push_ns};
  Watchers watchers_{push_clock_,
                     [this](const std::string& why) { boost::asio::post(context_, [this, why] { lost(why); }); }};
  bool has_ended_ = false;  // The source has.
  std::uint64_t generated_ = 0;
  std::uint64_t answered_ = 0;
  std::int64_t started_ns_ = 0;
  std::int64_t last_answer_ns_ = 0;
  std::int64_t last_report_ns_ = 0;
};

std::string Play::connect(const Url& url) {
  for (std::uint32_t i = 0; i < std::max(options_.connections, 1U); ++i) {
    auto& sender = *senders_.emplace_back(std::make_unique<Sender>(context_));
    if (const std::string problem = sender.client.open(url.host, url.port, url.path); !problem.empty()) return problem;
  }
  for (std::uint32_t i = 0; i < options_.watchers; ++i) {
    if (const std::string problem = watchers_.connect(url.host, url.port, url.path); !problem.empty()) return problem;
  }
  return {};
}

std::unique_ptr<PlayResult> Play::run() {
  watchers_.start(options_.board);
  for (const auto& sender : senders_) {
    sender->client.start([this, &sender = *sender](std::string_view message) { answered(sender, message); },
                         [this](const std::string& why) { lost(why); });
  }
  started_ns_ = last_answer_ns_ = last_report_ns_ = now_ns();
  on_tick();
  context_.run();
  watchers_.stop();
  result_->events = generated_;
  for (const auto& sender : senders_) result_->events -= sender->waiting.size();
  result_->unanswered = result_->events - answered_;
  result_->seconds = static_cast<double>(last_answer_ns_ - started_ns_) * 1e-9;
  return std::move(result_);
}

void Play::lost(const std::string& why) {
  if (result_->problem.empty()) result_->problem = "a connection was lost: " + why;
}

void Play::on_tick() {
  if (is_closed_loop()) {
    fill_up();
  } else {
    send_due();
  }
  const std::int64_t now = now_ns();
  report(now);
  if (is_over(now)) {
    for (const auto& sender : senders_) sender->client.close();
    return;
  }
  timer_.expires_at(next_tick(now));
  timer_.async_wait([this](const boost::system::error_code&) { on_tick(); });
}

// In an open loop when the next event is due, so that who sends adds no lateness of its own. Frames of several events
// fill up for a while, and watchers need the core, too.
Clock::time_point Play::next_tick(std::int64_t now) const {
  std::int64_t next = now + std::chrono::nanoseconds(is_closed_loop() ? closed_loop_tick : tick).count();
  const bool is_punctual = !is_closed_loop() && options_.batch == 1 && watchers_.empty();
  if (is_punctual && !has_ended_) next = std::min(next, due_of(generated_));
  return Clock::time_point(std::chrono::nanoseconds(next));
}

// Over: a connection is lost, or all is answered and the last pushes have had their time, or nothing comes any more.
bool Play::is_over(std::int64_t now) const {
  if (!result_->problem.empty()) return true;
  const bool is_all_sent =
      has_ended_ && std::ranges::all_of(senders_, [](const auto& s) { return s->waiting.empty(); });
  if (!is_all_sent) return false;
  const std::int64_t silent = now - last_answer_ns_;
  if (answered_ < generated_) return silent > std::chrono::nanoseconds(options_.answer_timeout).count();
  constexpr std::int64_t last_pushes_ns = 300'000'000;
  return watchers_.empty() || silent > last_pushes_ns;
}

void Play::send_due() {
  const std::int64_t now = now_ns();
  while (!has_ended_) {
    const std::int64_t due = due_of(generated_);
    if (due > now) break;
    const auto event = source_.next();
    if (!event) {
      has_ended_ = true;
      break;
    }
    const std::uint64_t player = PushClock::hash_of(event->player);
    add_to_frame(sender_for(player), event->line, player, due);
    ++generated_;
  }
  if (options_.batch == 1) return;  // They are sent one by one.
  for (const auto& sender : senders_) send_frame(*sender);
}

void Play::fill_up() {
  const auto has_room = [this](const auto& sender) {
    return sender->in_flight.size() < options_.in_flight && sender->waiting.empty();
  };
  while (!has_ended_ && std::ranges::any_of(senders_, has_room)) {
    const auto event = source_.next();
    if (!event) {
      has_ended_ = true;
      break;
    }
    const std::uint64_t player = PushClock::hash_of(event->player);
    Sender& sender = sender_for(player);
    sender.waiting.emplace_back(event->line, player);
    ++generated_;
    send_waiting(sender);
    if (sender.waiting.size() >= waiting_max) break;
  }
  for (const auto& sender : senders_) send_frame(*sender);
}

void Play::send_waiting(Sender& sender) {
  const std::int64_t now = now_ns();
  while (!sender.waiting.empty() && sender.in_flight.size() < options_.in_flight) {
    const auto& [line, player] = sender.waiting.front();
    add_to_frame(sender, line, player, now);
    sender.waiting.pop_front();
  }
}

void Play::add_to_frame(Sender& sender, std::string_view line, std::uint64_t player, std::int64_t due_ns) {
  if (!sender.frame.empty()) sender.frame += '\n';
  sender.frame += line;
  sender.in_flight.push_back({.due_ns = due_ns, .player = player});
  if (++sender.events >= options_.batch) send_frame(sender);
}

void Play::send_frame(Sender& sender) {
  if (sender.events == 0) return;
  sender.client.send(sender.frame);
  sender.frame.clear();
  sender.events = 0;
}

void Play::answered(Sender& sender, std::string_view message) {
  const std::int64_t now = now_ns();
  while (!message.empty()) {
    const std::size_t end = std::min(message.find('\n'), message.size());
    take_answer(sender, message.substr(0, end), now);
    message.remove_prefix(std::min(end + 1, message.size()));
  }
  if (!is_closed_loop()) return;
  send_waiting(sender);
  send_frame(sender);
  if (sender.in_flight.size() < options_.in_flight) fill_up();
}

// Inside a JSON string the quotes would be escaped, so what looks like a member is one.
void Play::take_answer(Sender& sender, std::string_view line, std::int64_t now) {
  constexpr std::string_view code_member = "\"code\":\"";
  const std::size_t at = line.find(code_member);
  if (at == std::string_view::npos || sender.in_flight.empty()) return;
  const InFlight event = sender.in_flight.front();
  sender.in_flight.pop_front();
  ++answered_;
  last_answer_ns_ = now;
  result_->ack_ns.add(static_cast<std::uint64_t>(std::max<std::int64_t>(now - event.due_ns, 0)));
  const std::string_view rest = line.substr(at + code_member.size());
  const auto code = code_named(rest.substr(0, rest.find('"'))).value_or(Code::internal);
  ++result_->codes[static_cast<std::size_t>(code)];
  if (code != Code::ok || watchers_.empty()) return;
  if (number_behind(rest, "\"points\":") == 0) return;
  push_clock_.acked(event.player, number_behind(rest, "\"total\":"),
                    static_cast<Position>(number_behind(rest, "\"position\":")), event.due_ns);
}

void Play::report(std::int64_t now) {
  if (!options_.progress || now - last_report_ns_ < 250'000'000) return;
  last_report_ns_ = now;
  options_.progress({.sent = generated_, .answered = answered_});
}

void append_percentiles(JsonWriter& json, const Histogram& histogram) {
  const auto milliseconds = [](std::uint64_t ns) { return std::round(static_cast<double>(ns) / 1e3) / 1e3; };
  json.object();
  json.key("p50").number(milliseconds(histogram.percentile(50)));
  json.key("p95").number(milliseconds(histogram.percentile(95)));
  json.key("p99").number(milliseconds(histogram.percentile(99)));
  json.key("p999").number(milliseconds(histogram.percentile(99.9)));
  json.key("max").number(milliseconds(histogram.max()));
  json.end();
}

}  // namespace

std::expected<std::unique_ptr<PlayResult>, std::string> play(EventSource& source, const PlayOptions& options) {
  const auto url = parse_url(options.url);
  if (!url) return std::unexpected(url.error());
  if (options.in_flight == 0 && !(options.rate > 0)) return std::unexpected("the rate is above 0");
  Play run(source, options);
  if (const std::string problem = run.connect(*url); !problem.empty()) return std::unexpected(problem);
  return run.run();
}

std::string to_json(const PlayResult& result) {
  std::string out;
  JsonWriter json(out);
  json.object();
  json.key("events").number(static_cast<std::int64_t>(result.events));
  json.key("seconds").number(result.seconds);
  json.key("events_per_second").number(result.events_per_second());
  json.key("codes").object();
  for (std::size_t code = 0; code < result.codes.size(); ++code) {
    if (result.codes[code] == 0) continue;
    json.key(name_of(static_cast<Code>(code))).number(static_cast<std::int64_t>(result.codes[code]));
  }
  json.end();
  if (result.unanswered > 0) json.key("unanswered").number(static_cast<std::int64_t>(result.unanswered));
  json.key("ack_ms");
  append_percentiles(json, result.ack_ns);
  json.key("push_ms");
  append_percentiles(json, result.push_ns);
  json.end();
  return out;
}

}  // namespace tallyho
