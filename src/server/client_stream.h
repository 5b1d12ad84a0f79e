#pragma once

#include <cstdint>
#include <limits>

#include "boost/asio/io_context.hpp"
#include "boost/asio/ip/tcp.hpp"
#include "boost/beast/core/basic_stream.hpp"
#include "boost/beast/core/rate_policy.hpp"

namespace tallyho {

// Limits nothing; counts what the socket has taken, so that a client that takes nothing can be told from a slow one.
class ProgressPolicy {
 public:
  std::uint64_t bytes_written() const { return bytes_written_; }

 private:
  friend class boost::beast::rate_policy_access;
  static constexpr std::size_t all = std::numeric_limits<std::size_t>::max();
  std::size_t available_read_bytes() const noexcept { return all; }
  std::size_t available_write_bytes() const noexcept { return all; }
  void transfer_read_bytes(std::size_t /*bytes*/) noexcept {}
  void transfer_write_bytes(std::size_t bytes) noexcept { bytes_written_ += bytes; }
  void on_timer() noexcept {}

  std::uint64_t bytes_written_ = 0;
};

using ClientStream =
    boost::beast::basic_stream<boost::asio::ip::tcp, boost::asio::io_context::executor_type, ProgressPolicy>;

}  // namespace tallyho
