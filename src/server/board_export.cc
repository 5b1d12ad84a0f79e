#include "server/board_export.h"

#include <tuple>
#include <utility>

#include "boost/asio/buffer.hpp"
#include "boost/asio/write.hpp"
#include "fmt/format.h"

namespace tallyho {
namespace {

using boost::system::error_code;

constexpr std::string_view header =
    "HTTP/1.1 200 OK\r\nServer: tallyho\r\nContent-Type: {}\r\nCache-Control: no-store\r\n"
    "X-Content-Type-Options: nosniff\r\n{}Connection: close\r\n\r\n";

class BoardExport final : public Connection, public std::enable_shared_from_this<BoardExport> {
 public:
  BoardExport(IoThread& io, std::uint64_t id, ClientStream stream, ExportRequest request, const Roles& roles)
      : io_(io),
        limits_(io.shared().limits),
        id_(id),
        stream_(std::move(stream)),
        request_(std::move(request)),
        roles_(roles) {}

  void start(std::string_view first) {
    last_progress_ = Clock::now();
    out_ = fmt::format(fmt::runtime(header), request_.is_csv ? "text/csv; charset=utf-8" : "application/x-ndjson",
                       request_.is_chunked ? "Transfer-Encoding: chunked\r\n" : "");
    if (request_.is_csv) append_chunk("rank,member,value\r\n");
    take_rows(first);
  }

  void answered() override {
    if (is_dropped_ || batch_ == nullptr || !batch_->is_done) return;
    const Item& item = batch_->items.front();
    if (item.code == Code::overloaded) {  // Asked again with the next tick.
      release_batch();
      return;
    }
    // What has begun can't become a problem document: it breaks off.
    if (item.code != Code::ok) return drop();
    const std::string rows(item.text);
    release_batch();
    take_rows(rows);
  }

  void push(const PushMessage& /*message*/) override {}

  Clock::time_point tick(Clock::time_point now) override {
    if (is_dropped_) return now;
    if (!is_writing_) {
      if (batch_ == nullptr) ask();
      return now;
    }
    const std::uint64_t taken = stream_.bytes_taken();
    if (std::exchange(bytes_taken_, taken) != taken) last_progress_ = now;
    if (now - last_progress_ > limits_.send_timeout) drop();
    return now;
  }

  void stop() override {}  // Goes on as long as the server waits for its connections.

  void drop() override {
    if (std::exchange(is_dropped_, true)) return;
    error_code ignored;
    stream_.say_goodbye();
    std::ignore = stream_.socket().close(ignored);
    if (batch_ != nullptr && !batch_->is_at_engine) io_.give_back(batch_);
    batch_ = nullptr;
    io_.remove(id_);
  }

 private:
  void release_batch() { io_.give_back(std::exchange(batch_, nullptr)); }

  void append_chunk(std::string_view bytes) {
    if (bytes.empty()) return;  // Would end the body.
    if (request_.is_chunked) out_ += fmt::format("{:x}\r\n", bytes.size());
    out_ += bytes;
    if (request_.is_chunked) out_ += "\r\n";
  }

  // The first line is the cursor of the rows after these, empty if there are none.
  void take_rows(std::string_view rows) {
    const std::size_t line = rows.find('\n');
    cursor_ = rows.substr(0, line);
    append_chunk(rows.substr(line + 1));
    if (cursor_.empty() && request_.is_chunked) out_ += "0\r\n\r\n";
    is_writing_ = true;
    boost::asio::async_write(
        stream_, boost::asio::buffer(out_),
        [self = shared_from_this()](error_code error, std::size_t bytes) { self->written(error, bytes); });
  }

  void written(error_code error, std::size_t bytes) {
    if (is_dropped_) return;
    is_writing_ = false;
    if (error) return drop();
    io_.figures().sent(Traffic::http).add(bytes);
    last_progress_ = Clock::now();
    out_.clear();
    if (!cursor_.empty()) return ask();
    stream_.say_goodbye();
    std::ignore = stream_.socket().shutdown(boost::asio::ip::tcp::socket::shutdown_send, error);
    drop();
  }

  void ask() {
    batch_ = io_.take_batch(id_);
    const auto taken =
        io_.reader().read_request(export_read(request_, cursor_, limits_, batch_->arena), {}, roles_, *batch_);
    if (!taken) return drop();
    io_.submit(batch_);
    if (batch_->is_done) answered();
  }

  IoThread& io_;
  const Limits& limits_;
  const std::uint64_t id_;
  ClientStream stream_;
  const ExportRequest request_;
  const Roles roles_;
  std::string cursor_;
  std::string out_;
  Batch* batch_ = nullptr;
  Clock::time_point last_progress_;
  std::uint64_t bytes_taken_ = 0;
  bool is_writing_ = false;
  bool is_dropped_ = false;
};

}  // namespace

ReadRequest export_read(const ExportRequest& request, std::string_view cursor, const Limits& limits, Arena& arena) {
  ReadRequest read;
  read.what = ReadRequest::What::rows;
  read.selector.board = arena.copy(request.board);
  if (request.group) read.selector.group = arena.copy(*request.group);
  if (request.window) read.selector.window = arena.copy(*request.window);
  read.limit = limits.page_max;
  if (!cursor.empty()) read.cursor = arena.copy(cursor);
  read.is_csv = request.is_csv;
  return read;
}

void start_board_export(IoThread& io, std::uint64_t id, ClientStream stream, ExportRequest request, const Roles& roles,
                        std::string_view first) {
  auto connection = std::make_shared<BoardExport>(io, id, std::move(stream), std::move(request), roles);
  io.replace(id, connection);
  connection->start(first);
}

}  // namespace tallyho
