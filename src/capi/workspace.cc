#include "capi/workspace.h"

#include <pthread.h>

#include <algorithm>
#include <cstring>
#include <new>
#include <utility>

namespace tallyho::capi {
namespace {

// A pointer, in the memory that the system reserves for such: a thread_local with a destructor, or a larger one, may
// end the process where there is no memory left for a new thread's.
[[gnu::tls_model("initial-exec")]] constinit thread_local Workspace* mine = nullptr;

void end_thread(void* workspace) {
  mine = nullptr;
  delete static_cast<Workspace*>(workspace);
}

// Tells end_thread() that a thread has ended. Made once, never deleted: the library is linked to stay loaded.
pthread_key_t make_key() {
  pthread_key_t key{};
  if (pthread_key_create(&key, end_thread) != 0) throw std::bad_alloc();
  return key;
}

}  // namespace

Workspace& Workspace::of_this_thread() {
  if (mine != nullptr) [[likely]]
    return *mine;
  static const pthread_key_t key = make_key();
  auto workspace = std::make_unique<Workspace>();
  if (pthread_setspecific(key, workspace.get()) != 0) throw std::bad_alloc();
  mine = workspace.release();
  return *mine;
}

Decoder& Workspace::decoder(std::uint64_t engine) {
  if (desks_[0].engine == engine) [[likely]]
    return *desks_[0].decoder;
  const auto found = std::ranges::find(desks_, engine, &Desk::engine);
  const auto place = found == desks_.end() ? desks_.end() - 1 : found;
  if (found == desks_.end()) *place = {.engine = engine, .decoder = std::make_unique<Decoder>()};
  std::rotate(desks_.begin(), place, place + 1);
  return *desks_[0].decoder;
}

void Workspace::say(std::string_view why) {
  copy_cut(why, error_.data(), error_.size());
}

const char* last_error_of_this_thread() {
  return mine == nullptr ? "" : mine->error();
}

void copy_cut(std::string_view text, char* buffer, std::size_t bytes) {
  if (buffer == nullptr || bytes == 0) return;
  std::size_t size = std::min(text.size(), bytes - 1);
  const auto continues = [&text](std::size_t i) { return (static_cast<unsigned char>(text[i]) & 0xc0) == 0x80; };
  if (size < text.size()) {
    while (size > 0 && continues(size)) --size;
  }
  std::memcpy(buffer, text.data(), size);
  buffer[size] = '\0';
}

}  // namespace tallyho::capi
