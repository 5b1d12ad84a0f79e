#include "server/websocket_connection.h"

#include <algorithm>
#include <optional>
#include <string_view>
#include <tuple>
#include <utility>

#include "boost/asio/buffer.hpp"
#include "boost/beast/websocket/error.hpp"
#include "boost/beast/websocket/rfc6455.hpp"
#include "boost/beast/websocket/stream.hpp"
#include "server/fifo.h"
#include "server/message_buffer.h"
#include "server/outbox.h"

namespace tallyho {
namespace {

namespace beast = boost::beast;
namespace websocket = beast::websocket;
using boost::system::error_code;

constexpr std::string_view our_protocol = "tallyho.v1";

// Whether a list such as "tallyho.v1, bearer.xyz" names it.
bool offers_our_protocol(std::string_view offered) {
  while (!offered.empty()) {
    const std::size_t comma = std::min(offered.find(','), offered.size());
    std::string_view name = offered.substr(0, comma);
    offered.remove_prefix(std::min(comma + 1, offered.size()));
    name.remove_prefix(std::min(name.find_first_not_of(" \t"), name.size()));
    if (name.substr(0, name.find_last_not_of(" \t") + 1) == our_protocol) return true;
  }
  return false;
}

// Whether a text that is UTF-8 so far ends within a character.
bool is_cut(std::string_view text) {
  for (std::size_t back = 1; back <= 3 && back <= text.size(); ++back) {
    const auto byte = static_cast<unsigned char>(text[text.size() - back]);
    if (byte < 0x80) return false;
    if (byte >= 0xC0) return back < (byte >= 0xF0 ? 4U : byte >= 0xE0 ? 3U : 2U);
  }
  return false;
}

// Messages are compressed one by one, so that neither side keeps a window for a connection that is idle. Small ones are
// not worth it. What a client's message inflates to is bounded by read_message_max, while it is inflated.
websocket::permessage_deflate deflate_options() {
  websocket::permessage_deflate options;
  options.server_enable = true;
  options.server_no_context_takeover = options.client_no_context_takeover = true;
  options.server_max_window_bits = options.client_max_window_bits = 12;
  options.compLevel = 3;
  options.msg_size_threshold = 256;
  return options;
}

// RFC 6455, 5.2 and 5.5.1: the last frame of a server's, with the code and no reason.
std::string closing_frame(websocket::close_code code) {
  const auto number = static_cast<unsigned>(code);
  return {static_cast<char>(0x88), 2, static_cast<char>(number >> 8), static_cast<char>(number & 0xff)};
}

// As std::allocator, which Asio does not take at its word.
template <typename T>
struct ExactAllocator {
  using value_type = T;
  ExactAllocator() = default;
  template <typename Other>
  ExactAllocator(const ExactAllocator<Other>& /*other*/) noexcept {}
  T* allocate(std::size_t count) { return std::allocator<T>().allocate(count); }
  void deallocate(T* memory, std::size_t count) { std::allocator<T>().deallocate(memory, count); }
  bool operator==(const ExactAllocator& /*other*/) const = default;
};

// Small frames with events that come together travel together, as most of what a frame costs is handing it over. So
// many bytes of them, which is what an idle batch keeps, and so many messages.
constexpr std::size_t merged_bytes_max = 4096;
constexpr std::size_t merged_items_max = 64;

using HttpRequest = beast::http::request<beast::http::string_body>;

// A client on /v1/ws. Frames are read one at a time into batches, small ones of events several into one; answers go out
// in the order of the messages, whichever of them needed the engine. While the client is behind with reading, or too
// much of it is in flight, nothing more is read from it.
class WebSocketConnection final : public Connection, public std::enable_shared_from_this<WebSocketConnection> {
 public:
  WebSocketConnection(IoThread& io, std::uint64_t id, ClientStream stream, Caller caller)
      : io_(io),
        limits_(io.shared().limits),
        id_(id),
        stream_(std::move(stream)),
        watcher_(std::make_unique<Watcher>(id, io.index(), io.engine_bell())) {
    session_.roles = session_.granted = std::move(caller.roles);
    session_.grant = std::move(caller.grant);
    if (io_.shared().players != nullptr) session_.bucket = &bucket_;
  }
  ~WebSocketConnection() override = default;

  void start(HttpRequest request) {
    last_heard_ = last_progress_ = Clock::now();
    stream_.next_layer().hear_out();
    stream_.set_option(
        websocket::stream_base::timeout{std::chrono::seconds(10), websocket::stream_base::none(), false});
    stream_.read_message_max(limits_.frame_bytes_max);
    stream_.auto_fragment(false);
    stream_.text(true);
    if (io_.shared().offers_deflate) stream_.set_option(deflate_options());
    stream_.control_callback([this](websocket::frame_type type, beast::string_view) {
      last_heard_ = Clock::now();
      if (type == websocket::frame_type::close && !is_closing_) begin_closing();  // Beast answers it.
    });
    request_ = std::make_unique<HttpRequest>(std::move(request));
    const bool is_ours = offers_our_protocol((*request_)[beast::http::field::sec_websocket_protocol]);
    stream_.set_option(websocket::stream_base::decorator([is_ours](websocket::response_type& response) {
      response.set(beast::http::field::server, "tallyho");
      if (is_ours) response.set(beast::http::field::sec_websocket_protocol, our_protocol);
    }));
    stream_.async_accept(*request_, [self = shared_from_this()](error_code error) { self->accepted(error); });
  }

  void answered() override {
    send_answers();
    read_on();
  }

  // Goes on collecting as long as something has come since the last look.
  void round_ended() override {
    is_collecting_ = open_ != nullptr && std::exchange(has_heard_, false);
    if (is_collecting_) return io_.at_round_end(id_);
    submit_open();
    send_answers();
  }

  void push(const PushMessage& message) override {
    if (is_dropped_) return;
    const std::size_t before = outbox_.bytes();
    for (const Push& push : message.pushes) {
      outbox_.add([&](std::string& frame) {
        frame += "{\"watch\":";
        frame += push.watch;
        frame += ',';
        frame += *push.body;
      });
    }
    io_.figures().pushes.add(message.pushes.size());
    io_.figures().sent(Traffic::push).add(outbox_.bytes() - before);
    push_frame_ = outbox_.last_frame();
    write_on();
  }

  Clock::time_point tick(Clock::time_point now) override {
    look_at_timeouts(now);
    const bool is_unknown = !has_said_ && io_.shared().authority.asks_for_tokens();
    const bool is_busy =
        !is_accepted_ || is_unknown || is_ending_ || is_closing_ || is_within_message_ || outbox_.is_sending();
    if (is_busy || session_.grant.has_token()) return now + limits_.look_interval();
    return now + limits_.quiet_interval();
  }

  void stop() override {  // tick() closes, once what the client has sent is answered.
    is_stopping_ = has_begun_to_read_ = true;
    since_ = Clock::now();
  }

  void drop() override {
    if (std::exchange(is_dropped_, true)) return;
    stream_.next_layer().close();
    submit_open();  // What was taken is scored.
    for (Batch* batch : in_flight_) {
      if (!batch->is_at_engine) io_.give_back(batch);  // The others come back by themselves.
    }
    in_flight_.clear();
    io_.submit_goodbye(id_, std::move(watcher_));
    io_.remove(id_);
  }

 private:
  void look_at_timeouts(Clock::time_point now) {
    if (is_dropped_) return;
    note_progress(now);
    const bool is_stuck = outbox_.is_sending() && now - last_progress_ > limits_.send_timeout;
    // Silence counts from the ping, not from before it: a late tick must not drop who was never asked.
    const bool has_asked = pinged_ > last_heard_;
    const bool is_silent = is_reading_ && has_asked && now - pinged_ > limits_.pong_timeout;
    // Who takes what was being sent when it closed has the time it takes.
    const bool is_refusing_to_close = is_closing_ && !outbox_.is_sending() && now - since_ > limits_.close_timeout;
    // A message has so long from its first byte to its last, as a body over HTTP: who never ends it, and answers every
    // ping between its fragments, would keep what has come of it for ever.
    const bool is_within = is_reading_ && input_.size() > 0;
    if (is_within && !is_within_message_) message_began_ = now;
    is_within_message_ = is_within;
    const bool is_trickling = is_within && now - message_began_ > limits_.body_timeout;
    if (is_stuck) {
      io_.figures().slow_readers.add(1);
      io_.log(LogLevel::info, "slow-reader", "a client that reads nothing was dropped",
              {{"connection", static_cast<std::int64_t>(id_)}, {"bytes", static_cast<std::int64_t>(outbox_.bytes())}});
    }
    if (is_trickling) {
      io_.log(LogLevel::info, "slow-message", "a client whose message did not come to its end was dropped",
              {{"connection", static_cast<std::int64_t>(id_)}, {"bytes", static_cast<std::int64_t>(input_.size())}});
    }
    if (is_stuck || is_silent || is_refusing_to_close || is_trickling) return drop();
    const bool is_quiet = !has_asked && now - last_heard_ > limits_.keep_alive;
    if (is_accepted_ && !is_closing_ && !is_pinging_ && is_quiet) ping();
    if (is_accepted_ && !is_ending_) end_without_rights(now);
    // A client that never stops sending is not read for ever.
    if (is_stopping_ && now - since_ > limits_.close_timeout / 2) is_ending_ = true;
    if (is_ending_ || (is_stopping_ && is_at_rest())) close_if_drained();
  }

  // Nothing has come since the last look, and nothing is to be read. What Beast has read and not handed over yet takes
  // one turn of the loop for each piece, and so is seen at every look.
  bool is_at_rest() {
    const bool has_read = std::exchange(has_begun_to_read_, false);
    const bool has_grown = input_.take_has_grown();
    if (has_read || has_grown || stream_.next_layer().is_writing()) return false;
    error_code ignored;
    return !is_reading_ || stream_.next_layer().socket().available(ignored) == 0;
  }

  void accepted(error_code error) {
    if (error || is_dropped_) return drop();
    is_accepted_ = true;
    request_.reset();
    since_ = last_heard_ = Clock::now();
    greet();
    read_on();
  }

  // As soon as it is known whose connection it is.
  void greet() {
    if (is_greeted_ || session_.roles.player.empty()) return;
    is_greeted_ = true;
    io_.submit_greeting(id_, *watcher_, session_.roles.player);
  }

  // Whose token has ended sees nothing more; who shows none does not stay to see nothing.
  void end_without_rights(Clock::time_point now) {
    const Authority& authority = io_.shared().authority;
    const bool has_ended = session_.grant.has_token() && !authority.holds(session_.grant, Timestamp::system_now());
    const bool is_unknown = !has_said_ && authority.asks_for_tokens() && !session_.grant.has_token() &&
                            now - since_ > limits_.first_message_timeout;
    if (!has_ended && !is_unknown) return;
    is_ending_ = true;
    close_code_ = websocket::close_code::policy_error;
    close_if_drained();
  }

  bool may_read() const {
    return is_accepted_ && !is_reading_ && !is_closing_ && !is_ending_ && !is_dropped_ &&
           outbox_.bytes() <= limits_.backlog_bytes_max && in_flight_.size() < limits_.batches_in_flight_max &&
           bytes_in_flight_ <= limits_.frame_bytes_max;
  }

  void read_on() {
    if (!may_read()) return;
    last_heard_ = Clock::now();  // Nobody was listening before.
    read_frame();
  }

  void read_frame() {
    is_reading_ = has_begun_to_read_ = true;
    is_within_message_ = false;
    input_.reset(!has_said_);  // Grows as something comes: an idle connection holds next to nothing.
    stream_.async_read(input_, WhenRead{shared_from_this()});
  }

  // Its memory is as large as it must be. What Asio would reuse is as large as what was under way before.
  struct WhenRead {
    using allocator_type = ExactAllocator<void>;
    allocator_type get_allocator() const noexcept { return {}; }
    void operator()(error_code error, std::size_t /*bytes*/) const {
      self->is_reading_ = false;
      self->received(error);
    }
    std::shared_ptr<WebSocketConnection> self;
  };

  void received(error_code error) {
    if (is_dropped_) return;
    last_heard_ = Clock::now();
    // Beast has sent the closing frame, with 1007 or 1009 where the client broke the protocol; nothing can be answered
    // behind that. What was taken is scored all the same.
    if (error) return drop();
    if (is_closing_) return read_frame();  // On to the client's closing frame; what comes before it is not taken.
    // Beast does not see that a text is cut where its last frame is empty.
    const bool is_text = !stream_.got_binary();
    if (!is_text || is_cut(input_.text())) {
      is_ending_ = true;
      close_code_ = is_text ? websocket::close_code::bad_payload : websocket::close_code::unknown_data;
      return close_if_drained();
    }
    has_said_ = true;
    take_frame(input_.text());
    read_on();
    io_.let_engine_catch_up();
  }

  // Only events are merged: what a control message changes is true from the next message on, and who asks is answered
  // at once.
  void take_frame(std::string& frame) {
    const bool is_merged = frame.size() <= merged_bytes_max / 4 && !may_be_control(frame);
    if (open_ != nullptr && !(is_merged && may_add(frame.size()))) submit_open();
    Batch& batch = open_ == nullptr ? begin_batch() : *open_;
    const std::size_t before = batch.bytes.size();
    bytes_in_flight_ += frame.size();
    io_.figures().received(Traffic::websocket).add(frame.size());
    if (is_merged) {
      batch.bytes.reserve(merged_bytes_max);  // So that it stays where it is.
      batch.bytes += frame;
    } else {
      batch.bytes.swap(frame);
    }
    io_.reader().read_frame(std::string_view(batch.bytes).substr(before), session_, batch, is_merged);
    batch.is_ingest = session_.roles.ingest;
    greet();
    if (is_merged && batch.items.size() < merged_items_max) {
      open_ = &batch;
      has_heard_ = true;
      if (!std::exchange(is_collecting_, true)) io_.at_round_end(id_);
      return;
    }
    open_ = &batch;
    submit_open();
    send_answers();
  }

  // Whether the open batch has room, and what it was begun with is still so: the ruleset, and the sender's rights.
  bool may_add(std::size_t bytes) {
    return open_->bytes.size() + bytes <= merged_bytes_max && open_->ruleset == io_.reader().ruleset() &&
           io_.shared().authority.holds(session_.grant, open_->arrival);
  }

  Batch& begin_batch() {
    Batch* batch = io_.take_batch(id_);
    batch->watcher = watcher_.get();
    in_flight_.push_back(batch);
    if (!io_.shared().authority.holds(session_.grant, batch->arrival)) session_.roles = {};
    return *batch;
  }

  void submit_open() {
    if (open_ != nullptr) io_.submit(std::exchange(open_, nullptr));
  }

  // Moves every answer that is ready, in order, to the outbox.
  void send_answers() {
    if (is_dropped_) return;
    const std::size_t before = outbox_.bytes();
    while (!in_flight_.empty() && in_flight_.front()->is_done) {
      Batch* batch = in_flight_.front();
      in_flight_.pop_front();
      bytes_in_flight_ -= batch->bytes.size();
      for (const Item& item : batch->items) {
        outbox_.add([&](std::string& frame) { io_.writer().append_message(frame, item); });
      }
      io_.give_back(batch);
    }
    io_.figures().sent(Traffic::websocket).add(outbox_.bytes() - before);
    write_on();
    if (is_ending_) close_if_drained();
  }

  void write_on() {
    if (outbox_.is_empty() || outbox_.is_sending() || is_closing_ || is_dropped_) return;
    const std::string& frame = outbox_.begin_sending();
    last_progress_ = Clock::now();
    stream_.async_write(boost::asio::buffer(frame),
                        [self = shared_from_this()](error_code error, std::size_t) { self->written(error); });
  }

  void written(error_code error) {
    if (is_dropped_) return;
    if (error) return drop();
    outbox_.sent_front();
    if (is_closing_) since_ = Clock::now();
    if (push_frame_ != 0 && outbox_.sent() >= push_frame_) {
      push_frame_ = 0;
      watcher_->sent();
    }
    write_on();
    read_on();
    if (is_ending_) close_if_drained();
  }

  // Closes once everything taken is answered and sent; tick() looks again. Beast's async_close() must not run beside
  // its async_read(), though it is said to (each takes the other's bytes), and a read can't be called back. So the
  // closing frame goes past Beast, which reads on until the client's has come.
  void close_if_drained() {
    if (is_closing_ || is_dropped_) return;
    if (!is_accepted_) return drop();
    if (!in_flight_.empty() || !outbox_.is_empty()) return;
    begin_closing();
    stream_.next_layer().send_last(closing_frame(close_code_), shared_from_this());
    if (!is_reading_) read_frame();
  }

  void begin_closing() {
    is_closing_ = true;
    since_ = Clock::now();
  }

  void note_progress(Clock::time_point now) {
    if (!outbox_.is_sending()) return;
    const std::uint64_t taken = stream_.next_layer().bytes_taken();
    if (std::exchange(bytes_taken_, taken) != taken) last_progress_ = now;
  }

  void ping() {
    is_pinging_ = true;
    pinged_ = Clock::now();
    stream_.async_ping({}, [self = shared_from_this()](error_code) { self->is_pinging_ = false; });
  }

  IoThread& io_;
  const Limits& limits_;
  const std::uint64_t id_;
  websocket::stream<ClientStream, true> stream_;
  std::unique_ptr<HttpRequest> request_;  // Until the handshake is answered.
  Session session_;
  Bucket bucket_;  // Of its messages.
  std::unique_ptr<Watcher> watcher_;

  MessageBuffer input_;
  Fifo<Batch*> in_flight_;  // In the order of the frames.
  std::size_t bytes_in_flight_ = 0;
  Batch* open_ = nullptr;  // The last of them, not submitted yet: more may come into it.
  Outbox outbox_;
  std::uint64_t push_frame_ = 0;  // The last frame with a push message in it, or 0.

  bool is_accepted_ = false;
  bool is_greeted_ = false;
  bool has_said_ = false;  // It has sent a message.
  bool is_reading_ = false;
  bool has_begun_to_read_ = false;  // A message, since the last look.
  bool is_pinging_ = false;
  bool is_within_message_ = false;  // At the last look something had come of the message that is read.
  bool is_ending_ = false;          // Nothing more is read: answer what came, then close.
  bool is_stopping_ = false;
  bool is_closing_ = false;  // The closing handshake is under way: nothing is written any more.
  bool is_dropped_ = false;
  bool is_collecting_ = false;  // round_ended() will be called.
  bool has_heard_ = false;      // Something has come into the open batch since the last end of a round.
  websocket::close_code close_code_ = websocket::close_code::going_away;
  Clock::time_point since_;  // When it was accepted, stopping began, or closing: whichever came last.
  Clock::time_point last_heard_;
  Clock::time_point message_began_;  // When it was seen first.
  Clock::time_point pinged_;
  Clock::time_point last_progress_;  // Of sending.
  std::uint64_t bytes_taken_ = 0;
};
// With what shared_ptr adds, as much as a block of memory holds; the next larger one has 640 bytes. Ten thousands of
// connections are idle at a time.
static_assert(sizeof(WebSocketConnection) + 2 * sizeof(void*) <= 512);

}  // namespace

void start_websocket_connection(IoThread& io, std::uint64_t id, ClientStream stream,
                                beast::http::request<beast::http::string_body> request, Caller caller) {
  auto connection = std::make_shared<WebSocketConnection>(io, id, std::move(stream), std::move(caller));
  io.replace(id, connection);
  connection->start(std::move(request));
}

}  // namespace tallyho
