#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string_view>
#include <vector>

#include "base/arena.h"
#include "base/error.h"
#include "boards/leaderboard.h"
#include "event/decoder.h"

namespace tallyho::capi {

// What a thread that calls the library has of its own, so that decoding needs no lock: memory for what its last call
// handed out, and a decoder for each engine it has used lately. Made by the thread's first call, gone with the thread.
//
// Threads: the one. Memory: what its largest event took; a batch has memory of its own.
class Workspace {
 public:
  // The calling thread's. Throws std::bad_alloc, with nothing changed.
  static Workspace& of_this_thread();

  // Begins a call: what the last one handed out is gone.
  void begin() {
    arena.reset();
    error_[0] = '\0';
  }

  // The decoder for events of this engine. Of the engines that the thread has used only the last `decoders_max` keep
  // theirs: making one anew costs microseconds.
  Decoder& decoder(std::uint64_t engine);

  // Keeps the words for tallyho_last_error(), cut where a character ends. Never allocates.
  void say(std::string_view why);
  const char* error() const { return error_.data(); }

  Arena arena;                      // What the call hands out.
  std::vector<Standing> standings;  // Of a page.

 private:
  static constexpr std::size_t decoders_max = 4;
  static constexpr std::size_t error_bytes_max = 4096;

  struct Desk {
    std::uint64_t engine = 0;  // 0: nobody's.
    std::unique_ptr<Decoder> decoder;
  };
  std::array<Desk, decoders_max> desks_;  // The one used last comes first.
  std::array<char, error_bytes_max> error_{};
};

// The same without making one: what tallyho_last_error() answers.
const char* last_error_of_this_thread();

// Copies `text` into a buffer of `bytes` bytes, with a NUL, and cuts it where a character ends.
void copy_cut(std::string_view text, char* buffer, std::size_t bytes);

}  // namespace tallyho::capi
