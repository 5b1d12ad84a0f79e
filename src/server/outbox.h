#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <utility>

#include "server/fifo.h"

namespace tallyho {

// Messages waiting to be sent on a WebSocket, gathered into frames: several messages to a frame, separated by newlines,
// as long as the frame stays small; a big message is a frame of its own.
class Outbox {
 public:
  static constexpr std::size_t frame_bytes = std::size_t{64} * 1024;  // From here on a new frame is begun.

  // Appends one message, written by `write` onto the string it is given.
  template <typename Write>
  void add(Write write) {
    if (frames_.size() == (is_sending_ ? 1U : 0U) || frames_.back()->size() >= frame_bytes) begin_frame();
    std::string& frame = *frames_.back();
    const std::size_t before = frame.size();
    if (before > 0) frame += '\n';
    write(frame);
    bytes_ += frame.size() - before;
  }

  bool is_empty() const { return frames_.empty(); }
  bool is_sending() const { return is_sending_; }
  std::size_t bytes() const { return bytes_; }
  // The number of the frame that the last message went into, counting from 1.
  std::uint64_t last_frame() const { return sent_ + frames_.size(); }
  // How many frames have been sent.
  std::uint64_t sent() const { return sent_; }

  // The oldest frame, which stays as it is until sent_front().
  const std::string& begin_sending() {
    is_sending_ = true;
    return *frames_.front();
  }
  void sent_front() {
    is_sending_ = false;
    ++sent_;
    bytes_ -= frames_.front()->size();
    spare_ = std::move(frames_.front());
    frames_.pop_front();
    if (frames_.empty()) spare_.reset();  // Many connections are idle: they keep no memory.
  }
  // The memory held for frames to come.
  std::size_t spare_bytes() const { return spare_ == nullptr ? 0 : spare_->capacity(); }

 private:
  void begin_frame() {
    frames_.push_back(spare_ == nullptr ? std::make_unique<std::string>() : std::move(spare_));
    frames_.back()->clear();
  }

  Fifo<std::unique_ptr<std::string>> frames_;  // Which stay where they are while they are sent.
  std::unique_ptr<std::string> spare_;         // The last sent frame's memory, while others wait.
  std::size_t bytes_ = 0;
  std::uint64_t sent_ = 0;
  bool is_sending_ = false;
};

}  // namespace tallyho
