#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <stdexcept>
#include <string>
#include <utility>

#include "boost/asio/buffer.hpp"

namespace tallyho {

// What Beast reads a client's message into: a string, as Asio's dynamic_buffer, that grows as something comes. Beast
// asks for room before anything has come, and Asio's would give it a kilobyte and a half of zeros; here it gets room
// for a message as most are, since very many connections wait for one.
//
// The string holds what was committed.
class MessageBuffer {
 public:
  using const_buffers_type = boost::asio::const_buffer;
  using mutable_buffers_type = boost::asio::mutable_buffer;

  // Room for the beginning of a message of a client that has sent none yet, and of others.
  static constexpr std::size_t first_bytes = 15;  // What a string holds by itself.
  static constexpr std::size_t next_bytes = 160;

  // Begins anew, and holds nothing.
  void reset(bool is_first) {
    std::string().swap(text_);
    size_ = 0;
    is_first_ = is_first;
  }
  // What has come.
  std::string& text() { return text_; }

  std::size_t size() const { return size_; }
  // Whether anything has come since this was asked last.
  bool take_has_grown() { return std::exchange(has_grown_, false); }
  // Beast reads no more at once than this leaves.
  std::size_t max_size() const {
    if (size_ > 0) return text_.max_size();
    return is_first_ ? first_bytes : next_bytes;
  }
  std::size_t capacity() const { return text_.capacity(); }
  const_buffers_type data() const { return {text_.data(), size_}; }

  // Room for `bytes` more behind what was committed.
  mutable_buffers_type prepare(std::size_t bytes) {
    if (bytes > max_size() - size_) throw std::length_error("a message's buffer");  // Beast catches it: it is an error.
    text_.resize_and_overwrite(size_ + bytes, [](char*, std::size_t size) { return size; });
    return {text_.data() + size_, bytes};
  }
  // The first `bytes` of that room have been filled; the rest goes.
  void commit(std::size_t bytes) {
    size_ += static_cast<std::uint32_t>(std::min(bytes, text_.size() - size_));
    text_.resize(size_);
    has_grown_ = true;
  }
  void consume(std::size_t bytes) {
    text_.erase(0, std::min<std::size_t>(bytes, size_));
    size_ = static_cast<std::uint32_t>(text_.size());
  }

 private:
  std::string text_;
  std::uint32_t size_ = 0;  // Of what was committed; a frame is smaller than that.
  bool is_first_ = true;
  bool has_grown_ = false;
};

}  // namespace tallyho
