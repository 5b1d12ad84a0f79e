#include "server/http_connection.h"

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

#include "base/json.h"
#include "boost/beast/core/flat_buffer.hpp"
#include "boost/beast/http/empty_body.hpp"
#include "boost/beast/http/message.hpp"
#include "boost/beast/http/parser.hpp"
#include "boost/beast/http/read.hpp"
#include "boost/beast/http/string_body.hpp"
#include "boost/beast/http/write.hpp"
#include "boost/beast/websocket/rfc6455.hpp"
#include "server/board_export.h"
#include "server/client_stream.h"
#include "server/event_stream.h"
#include "server/framing.h"
#include "server/http_answer.h"
#include "server/openapi.h"
#include "server/routes.h"
#include "server/websocket_connection.h"

namespace tallyho {
namespace {

namespace beast = boost::beast;
namespace http = beast::http;
using boost::system::error_code;

ClientStream open_stream(const Shared& shared, IoThread::Socket socket, bool is_admin) {
  const bool has_tls = is_admin ? shared.has_admin_tls : shared.tls != nullptr;
  if (!has_tls) return ClientStream(std::move(socket));
  return {std::move(socket), shared.tls->accept()};
}

// One HTTP connection: a request at a time, each answered before the next is read.
class HttpConnection final : public Connection, public std::enable_shared_from_this<HttpConnection> {
 public:
  HttpConnection(IoThread& io, IoThread::Socket socket, bool is_admin)
      : io_(io),
        limits_(io.shared().limits),
        stream_(open_stream(io.shared(), std::move(socket), is_admin)),
        is_admin_(is_admin),
        buffer_(buffer_bytes_max(limits_)) {}

  void start() {
    id_ = io_.add(shared_from_this());
    read_header();
    enter(State::header, limits_.header_timeout);  // The handshake of TLS included.
  }

  void answered() override {
    if (is_dropped_ || batch_ == nullptr || !batch_->is_done) return;
    finish_batch();
  }
  void push(const PushMessage& /*message*/) override {}

  Clock::time_point tick(Clock::time_point now) override {
    if (!is_dropped_) look_at_timeouts(now);
    return now + limits_.look_interval();
  }

  void stop() override {
    if (is_idle()) drop();
  }

  void drop() override {
    if (std::exchange(is_dropped_, true)) return;
    error_code ignored;
    std::ignore = stream_.socket().close(ignored);
    if (batch_ != nullptr && !batch_->is_at_engine) io_.give_back(batch_);
    batch_ = nullptr;
    if (watcher_ != nullptr) io_.submit_goodbye(id_, std::move(watcher_));
    io_.remove(id_);
  }

 private:
  enum class State : std::uint8_t { header, body, engine, writing, closing };

  void look_at_timeouts(Clock::time_point now) {
    if (io_.is_stopping() && is_idle()) return drop();
    if (state_ == State::writing) {
      const std::uint64_t taken = stream_.bytes_taken();
      if (std::exchange(bytes_taken_, taken) != taken) deadline_ = now + limits_.send_timeout;
    }
    const bool has_begun = state_ == State::header && buffer_.size() > 0;
    if (has_begun && !has_header_begun_) deadline_ = now + limits_.header_timeout;
    has_header_begun_ = has_begun;
    if (state_ != State::engine && now > deadline_) drop();
  }

  bool is_idle() {
    error_code ignored;
    return state_ == State::header && buffer_.size() == 0 && stream_.socket().available(ignored) == 0;
  }

  void enter(State state, std::chrono::milliseconds timeout) {
    state_ = state;
    deadline_ = Clock::now() + timeout;
  }

  void read_header() {
    if (is_dropped_) return;
    enter(State::header, limits_.keep_alive);
    has_header_begun_ = false;
    std::string().swap(request_.body());  // Between requests nothing is held but what has come of the next.
    std::string().swap(response_.body());
    if (buffer_.size() == 0) buffer_.shrink_to_fit();
    parser_.emplace();
    parser_->header_limit(limits_.header_bytes_max);
    parser_->body_limit(limits_.body_bytes_max);
    http::async_read_header(stream_, buffer_, *parser_,
                            [self = shared_from_this()](error_code error, std::size_t) { self->header_read(error); });
  }

  void header_read(error_code error) {
    if (is_dropped_) return;
    if (error) return refuse_broken(error);
    enter(State::body, limits_.body_timeout);
    const auto& request = parser_->get();
    if (const auto unclear = problem_of_framing(request)) {
      return answer_and_close(problem_answer(io_.writer(), 400, *unclear));
    }
    // Beast makes the fields of a trailer ones of the header.
    header_without_trailer_.reset();
    if (parser_->chunked()) header_without_trailer_ = request.base();
    const auto expect = request[http::field::expect];
    if (expect.empty()) return read_body();
    if (!beast::iequals(expect, "100-continue")) {
      return answer_and_close(
          problem_answer(io_.writer(), 417, {Code::invalid_argument, "only 100-continue is expected"}));
    }
    static constexpr std::string_view go_on = "HTTP/1.1 100 Continue\r\n\r\n";
    boost::asio::async_write(stream_, boost::asio::buffer(go_on),
                             [self = shared_from_this()](error_code failed, std::size_t) {
                               if (failed) return self->drop();
                               self->read_body();
                             });
  }

  void read_body() {
    if (parser_->chunked() && missing_of_chunks() > 0) return await_chunks();
    http::async_read(stream_, buffer_, *parser_, [self = shared_from_this()](error_code error, std::size_t) {
      if (self->is_dropped_) return;
      if (error) return self->refuse_broken(error);
      self->handle();
    });
  }

  std::size_t missing_of_chunks() const {
    return tallyho::missing_of_chunks({static_cast<const char*>(buffer_.data().data()), buffer_.size()});
  }

  void await_chunks() {
    stream_.async_read_some(buffer_.prepare(missing_of_chunks()),
                            [self = shared_from_this()](error_code error, std::size_t bytes) {
                              if (self->is_dropped_) return;
                              if (error == boost::asio::error::eof) error = http::error::partial_message;
                              if (error) return self->refuse_broken(error);
                              self->buffer_.commit(bytes);
                              self->read_body();
                            });
  }

  // What is not HTTP, or too much of it.
  void refuse_broken(error_code error) {
    if (error == http::error::end_of_stream ||
        error.category() != http::make_error_code(http::error::bad_method).category()) {
      return drop();
    }
    answer_and_close(broken_answer(io_.writer(), error, limits_));
  }

  void answer_and_close(HttpAnswer answer) {
    keep_alive_ = false;
    must_drain_ = true;
    is_head_ = false;
    version_ = 11;
    send(std::move(answer));
  }

  void handle() {
    request_ = parser_->release();
    if (header_without_trailer_) request_.base() = std::move(*header_without_trailer_);
    keep_alive_ = request_.keep_alive() && !io_.is_stopping();
    is_head_ = request_.method() == http::verb::head;
    version_ = request_.version();
    io_.figures().requests.add(1);
    io_.figures().received(Traffic::http).add(request_.body().size());

    const Authority& authority = io_.shared().authority;
    const std::string_view host = request_[http::field::host];
    const std::string_view origin = request_[http::field::origin];
    origin_ = "";
    if (!(is_admin_ ? authority.allows_admin(host, origin) : authority.allows(host, origin))) {
      io_.log(LogLevel::info, "refused", "a request from elsewhere was refused",
              {{"host", host}, {"origin", origin}, {"listener", is_admin_ ? "admin" : "clients"}});
      return send(problem_answer(io_.writer(), 403, {Code::unauthorized, "this Host or Origin is not served"}));
    }
    origin_ = origin;
    if (const auto identified = is_preflight() ? Answered<void>() : identify(); !identified) {
      log_refusal(401);
      return send(problem_answer(io_.writer(), 401, identified.error()));
    }
    batch_ = io_.take_batch(id_);
    const auto target = parse_target(request_.target(), batch_->arena);
    if (!target) return refuse(target.error());
    Route route = find_route(*target);
    if (is_admin_) route = for_admins(route, request_.method_string());
    if (!route.is_offered(is_admin_, io_.shared().is_metrics_public))
      return refuse({Code::not_found, "there is no such path"});
    if (is_preflight()) return allow_page();
    if (!allows_method(route, request_.method_string())) return refuse_method(route);
    if (!route.is_about_health() && !io_.shared().readiness->is_started()) {
      return refuse({Code::unavailable, "starting"});
    }
    if (is_early()) return refuse({Code::overloaded, "more than a client may ask in that time"});
    if (is_admin_ && !caller_.roles.admin && !route.is_for_anybody(authority.is_admin_listener_private())) {
      return refuse({Code::unauthorized, "this takes the role admin"});
    }
    serve(route, *target);
  }

  // Whose request it is: by its token, from a header of its own or, of a browser's WebSocket, among the protocols.
  Answered<void> identify() {
    const Authority& authority = io_.shared().authority;
    const Timestamp now = Timestamp::system_now();
    caller_ = {};
    if (request_.count(http::field::authorization) > 1) {
      return tallyho::refuse(Code::unauthorized, "there are several tokens");
    }
    const std::string_view authorization = request_[http::field::authorization];
    const std::string_view protocols = request_[http::field::sec_websocket_protocol];
    auto caller =
        is_admin_ ? authority.admin_caller(authorization, now) : authority.caller(authorization, protocols, now);
    if (!caller) return std::unexpected(caller.error());
    caller_ = std::move(*caller);
    return {};
  }

  // Whether this connection asks for more than its share.
  bool is_early() {
    const bool is_counted = io_.shared().players != nullptr && !caller_.roles.ingest && !caller_.roles.admin;
    return is_counted && bucket_.take(limits_.connection_rate, Clock::now()) > std::chrono::milliseconds(0);
  }

  // What a browser asks before a page of another origin may send more than a form could.
  bool is_preflight() const {
    return !is_admin_ && request_.method() == http::verb::options && !origin_.empty() &&
           request_.count(http::field::access_control_request_method) > 0;
  }

  void allow_page() {
    release_batch();
    HttpAnswer answer;
    answer.status = 204;
    answer.allow = "GET, HEAD, POST";
    send(std::move(answer));
  }

  // Who asks for what only admins do.
  void log_refusal(int status) {
    if (!is_admin_ || (status != 401 && status != 403)) return;
    const std::string_view target = request_.target();
    io_.log(LogLevel::info, "refused", "an admin's request was refused",
            {{"method", request_.method_string()},
             {"path", target.substr(0, target.find('?'))},
             {"by", caller_.grant.subject},
             {"status", status}});
  }

  void refuse_method(const Route& route) {
    HttpAnswer answer =
        problem_answer(io_.writer(), 405, {Code::invalid_argument, "this path takes " + std::string(route.allow)});
    answer.allow = route.allow;
    release_batch();
    send(std::move(answer));
  }

  void serve(const Route& route, const RequestTarget& target) {
    switch (route.kind) {
      case Route::Kind::websocket: return upgrade(target);
      case Route::Kind::events: return take_events(target);
      case Route::Kind::tickets: return give_ticket(target);
      case Route::Kind::read:
      case Route::Kind::ranks: return take_read(route, target);
      case Route::Kind::stream: return take_stream(route, target);
      case Route::Kind::board_export: return take_export(route, target);
      case Route::Kind::operation: return take_operation(route, target);
      case Route::Kind::ruleset: return take_ruleset(target);
      case Route::Kind::metrics: return take_request(Request::Kind::figures, Answering::figures);
      case Route::Kind::openapi: return describe(target);
      case Route::Kind::shadow:
        if (const auto none = no_parameters(target); !none) return refuse(none.error());
        return take_request(Request::Kind::shadow, Answering::request);
      case Route::Kind::health:
      case Route::Kind::readiness: {
        release_batch();
        const auto why_not =
            route.kind == Route::Kind::health ? std::nullopt : io_.shared().readiness->why_not(Clock::now());
        if (why_not) return send(problem_answer(io_.writer(), 503, {Code::unavailable, *why_not}));
        HttpAnswer well;
        well.body = R"({"status":"ok"})";
        return send(std::move(well));
      }
      case Route::Kind::none: return refuse({Code::not_found, "there is no such path"});
    }
  }

  const Roles& roles() const { return caller_.roles; }

  void describe(const RequestTarget& target) {
    if (const auto none = no_parameters(target); !none) return refuse(none.error());
    release_batch();
    HttpAnswer answer;
    answer.body = openapi_json();
    send(std::move(answer));
  }

  void upgrade(const RequestTarget& target) {
    if (const auto none = no_parameters(target); !none) return refuse(none.error());
    const bool is_upgrade = beast::websocket::is_upgrade(request_);
    if (!is_upgrade || request_[http::field::sec_websocket_version] != "13") {
      HttpAnswer answer = problem_answer(
          io_.writer(), 426, {Code::invalid_argument, "this path speaks WebSocket, version 13, and nothing else"});
      answer.upgrade = "websocket";
      release_batch();
      return send(std::move(answer));
    }
    if (request_[http::field::sec_websocket_key].size() != 24) {  // 16 bytes in base64.
      return refuse({Code::invalid_argument, "the header Sec-WebSocket-Key is missing or none"});
    }
    if (buffer_.size() > 0) {  // Which would be lost, and what follows it misread.
      release_batch();
      return answer_and_close(
          problem_answer(io_.writer(), 400,
                         {Code::invalid_argument, "a client waits for its handshake's answer before it sends more"}));
    }
    const bool is_proxied = io_.shared().authority.is_behind_proxy();
    if (is_proxied && !io_.admit_forwarded(id_, last_field(request_, "X-Forwarded-For"))) {
      return refuse({Code::overloaded, "there are enough connections from this address"});
    }
    release_batch();
    is_dropped_ = true;  // The socket moves out; this object goes once nobody holds it.
    start_websocket_connection(io_, id_, std::move(stream_), std::move(request_), std::move(caller_));
  }

  void give_ticket(const RequestTarget& target) {
    if (const auto none = no_parameters(target); !none) return refuse(none.error());
    if (!request_.body().empty() && !is_json(request_[http::field::content_type])) {
      return refuse({Code::invalid_argument, "the body is application/json"}, 415);
    }
    if (io_.shared().authority.asks_for_tokens() && !caller_.grant.has_token()) {
      return refuse({Code::unauthorized, "a ticket stands for a token, and there is none"});
    }
    const auto ticket = io_.shared().tickets->issue(caller_, Timestamp::system_now());
    if (!ticket) return refuse({Code::overloaded, "there are too many tickets that nobody has used"});
    release_batch();
    send(ticket_answer(*ticket));
  }

  void take_events(const RequestTarget& target) {
    const auto detail = detail_parameter(target);
    if (!detail) return refuse(detail.error());
    const auto form = event_form(request_[http::field::content_type], request_.body());
    if (!form) return refuse(form.error(), 415);
    form_ = *form;
    batch_->is_http = true;
    if (io_.tracer() != nullptr) batch_->trace = parse_traceparent(request_["traceparent"]);
    batch_->bytes.swap(request_.body());
    batch_->is_ingest = roles().ingest;
    MessageReader& reader = io_.reader();
    Answered<void> read;
    switch (form_) {
      case EventForm::one: reader.read_event(batch_->bytes, roles(), *detail, *batch_); break;
      case EventForm::lines: reader.read_lines(batch_->bytes, roles(), *detail, *batch_); break;
      case EventForm::cloud_event: reader.read_cloud_event(batch_->bytes, roles(), *detail, *batch_); break;
      case EventForm::array: read = reader.read_array(batch_->bytes, roles(), *detail, *batch_); break;
      case EventForm::cloud_events: read = reader.read_cloud_events(batch_->bytes, roles(), *detail, *batch_); break;
    }
    if (!read) return refuse(read.error());
    submit(Answering::events);
  }

  void take_read(const Route& route, const RequestTarget& target) {
    const auto read = read_parameters(route.read, target, limits_);
    if (!read) return refuse(read.error());
    if (route.kind == Route::Kind::ranks && !is_json(request_[http::field::content_type])) {
      return refuse({Code::invalid_argument, "the body is application/json"}, 415);
    }
    batch_->bytes.swap(request_.body());
    const auto taken = io_.reader().read_request(*read, batch_->bytes, roles(), *batch_);
    if (!taken) return refuse(taken.error());
    submit(Answering::request);
  }

  void take_operation(const Route& route, const RequestTarget& target) {
    if (const auto none = no_parameters(target); !none) return refuse(none.error());
    if (!request_.body().empty() && !is_json(request_[http::field::content_type])) {
      return refuse({Code::invalid_argument, "the body is application/json"}, 415);
    }
    batch_->bytes.swap(request_.body());
    const auto taken = io_.reader().read_operation(route.operation, route.read.name, batch_->bytes, caller_, *batch_);
    if (!taken) return refuse(taken.error());
    submit(Answering::request);
  }

  // A stream begins as a request that the engine answers with a problem or with what is sent first.
  void take_stream(const Route& route, const RequestTarget& target) {
    const auto parameters = stream_parameters(route.read.selector.board, target, limits_);
    if (!parameters) return refuse(parameters.error());
    if (parameters->ticket) {
      const Shared& shared = io_.shared();
      auto caller = shared.tickets->redeem(*parameters->ticket, shared.authority, Timestamp::system_now());
      if (!caller)
        return refuse({Code::unauthorized, "this ticket is not good any more; POST /v1/tickets gives another"});
      caller_ = std::move(*caller);
    }
    WatchRequest watch = parameters->watch;
    watch.since = last_event_id(request_["Last-Event-ID"]);
    // Browsers send no more than the version. It is taken to be of this log only where the log outlives the process:
    // else it might be of another, in which that version was something else.
    if (!watch.log && io_.shared().upkeep != nullptr) watch.log = io_.shared().identity.log;
    const auto taken = io_.reader().read_stream(watch, roles(), *batch_);
    if (!taken) return refuse(taken.error());
    watcher_ = std::make_unique<Watcher>(id_, io_.index(), io_.engine_bell());
    batch_->watcher = watcher_.get();
    submit(Answering::stream);
  }

  void begin_stream() {
    std::string first(batch_->items.front().text);
    const Position version = batch_->position;
    release_batch();
    is_dropped_ = true;  // The socket moves out, as for a WebSocket.
    start_event_stream(io_, id_, std::move(stream_), std::move(watcher_), std::move(caller_.grant), origin_, first,
                       version);
  }

  // The first rows, which say whether there is such a board; the rest is read as the client takes it.
  void take_export(const Route& route, const RequestTarget& target) {
    auto parameters = export_parameters(route.read.selector.board, target, request_[http::field::accept]);
    if (!parameters) return refuse(parameters.error());
    export_ = std::move(*parameters);
    export_.is_chunked = version_ >= 11;
    const auto taken =
        io_.reader().read_request(export_read(export_, "", limits_, batch_->arena), {}, roles(), *batch_);
    if (!taken) return refuse(taken.error());
    submit(Answering::board_export);
  }

  void begin_export() {
    const std::string first(batch_->items.front().text);
    release_batch();
    is_dropped_ = true;
    start_board_export(io_, id_, std::move(stream_), std::move(export_), roles(), first);
  }

  enum class Answering : std::uint8_t { events, request, figures, stream, board_export };

  // Checked here, so that a ruleset with problems reaches nothing else.
  void take_ruleset(const RequestTarget& target) {
    if (const auto none = no_parameters(target); !none) return refuse(none.error());
    if (!is_yaml(request_[http::field::content_type])) {
      return refuse({Code::invalid_argument, "the body is application/yaml"}, 415);
    }
    const auto taken = io_.reader().read_ruleset(request_.body(), caller_, *batch_);
    if (!taken) return refuse(taken.error());
    submit(Answering::request);
  }

  void take_request(Request::Kind kind, Answering answering) {
    Item& item = batch_->add(Item::Kind::request);
    Request request;
    request.kind = kind;
    item.request = batch_->arena.make<Request>(request);
    batch_->needs_engine = true;
    submit(answering);
  }

  void submit(Answering answering) {
    answering_ = answering;
    state_ = State::engine;
    io_.submit(batch_);
    if (batch_->is_done) finish_batch();
  }

  void finish_batch() {
    HttpAnswer answer;
    const Item* first = batch_->items.empty() ? nullptr : &batch_->items.front();
    if (answering_ == Answering::stream && first->code == Code::ok) return begin_stream();
    if (answering_ == Answering::board_export && first->code == Code::ok) return begin_export();
    watcher_.reset();  // The feed knows nothing of it.
    if (answering_ == Answering::events) {
      answer = events_answer(io_.writer(), form_, batch_->items);
      if (form_ == EventForm::one) answer.status = status_of(code_of(*first));
    } else if (first->code != Code::ok) {
      answer = problem_answer(io_.writer(), status_of(first->code), {first->code, std::string(first->message)});
    } else if (answering_ == Answering::figures) {
      const Shared& shared = io_.shared();
      answer.body = render_metrics(shared.figures, *batch_->figures, {shared.has_record, shared.upkeep, shared.outbox});
      answer.content_type = "text/plain; version=0.0.4; charset=utf-8";
    } else {
      answer.body = first->text;
    }
    release_batch();
    send(std::move(answer));
  }

  // Who has shown no token is told to; who has, that it does not do.
  int status_of(Code code) const {
    const bool is_unknown = io_.shared().authority.asks_for_tokens() && !caller_.grant.has_token();
    return code == Code::unauthorized && is_unknown ? 401 : http_status(code);
  }

  void refuse(const Problem& problem) { refuse(problem, status_of(problem.code)); }
  void refuse(const Problem& problem, int status) {
    log_refusal(status);
    release_batch();
    send(problem_answer(io_.writer(), status, problem));
  }

  void release_batch() { io_.give_back(std::exchange(batch_, nullptr)); }

  void send(HttpAnswer answer) {
    enter(State::writing, limits_.send_timeout);
    response_ = to_response(std::move(answer), version_, origin_);
    response_.keep_alive(keep_alive_);
    response_.prepare_payload();
    io_.figures().sent(Traffic::http).add(response_.body().size());
    const auto done = [self = shared_from_this()](error_code error, std::size_t) { self->sent(error); };
    if (!is_head_) return http::async_write(stream_, response_, done);
    head_response_ = http::response<http::empty_body>(std::move(response_.base()));
    http::async_write(stream_, head_response_, done);
  }

  void sent(error_code error) {
    if (is_dropped_) return;
    if (error) return drop();
    if (keep_alive_) return read_header();
    stream_.say_goodbye();
    error_code ignored;
    std::ignore = stream_.socket().shutdown(boost::asio::ip::tcp::socket::shutdown_send, ignored);
    if (!must_drain_) return drop();
    // The client may still be sending what we do not want: closing now would reset the connection under its answer.
    enter(State::closing, limits_.close_timeout);
    drain();
  }

  void drain() {
    buffer_.clear();
    stream_.async_read_some(buffer_.prepare(std::size_t{16} * 1024),
                            [self = shared_from_this()](error_code error, std::size_t) {
                              if (self->is_dropped_) return;
                              if (error) return self->drop();
                              self->drain();
                            });
  }

  IoThread& io_;
  const Limits& limits_;
  std::uint64_t id_ = 0;
  ClientStream stream_;
  const bool is_admin_;
  beast::flat_buffer buffer_;
  std::optional<http::request_parser<http::string_body>> parser_;
  std::optional<http::request_header<>> header_without_trailer_;  // Of a request in chunks.
  http::request<http::string_body> request_;
  http::response<http::string_body> response_;
  http::response<http::empty_body> head_response_;
  Caller caller_;       // Whose request it is.
  std::string origin_;  // The page's that sends it, which is allowed; or "".
  Bucket bucket_;
  Batch* batch_ = nullptr;            // The request's, until it is answered.
  std::unique_ptr<Watcher> watcher_;  // Of a stream that is asked for.
  EventForm form_ = EventForm::one;
  ExportRequest export_;
  Answering answering_ = Answering::events;
  State state_ = State::header;
  Clock::time_point deadline_;
  std::uint64_t bytes_taken_ = 0;
  unsigned version_ = 11;
  bool keep_alive_ = false;
  bool is_head_ = false;
  bool must_drain_ = false;
  bool has_header_begun_ = false;
  bool is_dropped_ = false;
};

}  // namespace

void start_http_connection(IoThread& io, IoThread::Socket socket, bool is_admin) {
  std::make_shared<HttpConnection>(io, std::move(socket), is_admin)->start();
}

}  // namespace tallyho
