#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <exception>
#include <new>
#include <optional>
#include <string_view>
#include <utility>

#include "base/error.h"
#include "base/problem.h"
#include "capi/workspace.h"
#include "tallyho.h"

// What every function of tallyho.h begins and ends with: nothing that is thrown leaves the library, and structs are as
// large as their callers say.
namespace tallyho::capi {

inline int number_of(Code code) {
  return static_cast<int>(code);
}

inline tallyho_text text_of(std::string_view text) {
  return {text.data(), text.size()};
}

// Says what is being handled as a code and words.
inline Problem describe_exception() noexcept {
  try {
    throw;
  } catch (const std::bad_alloc&) {
    return {Code::capacity, {}};
  } catch (...) {
    return {Code::internal, {}};
  }
}

inline std::string_view words_of(const Problem& problem) {
  if (!problem.message.empty()) return problem.message;
  return problem.code == Code::capacity ? "out of memory" : describe(problem.code);
}

// Calls `body` with the thread's workspace, made ready for a call. What it returns, an Answered<void>, becomes a code,
// and words for tallyho_last_error(); what it throws, too.
template <typename Body>
int guarded(Body&& body) noexcept {
  Workspace* workspace = nullptr;
  try {
    workspace = &Workspace::of_this_thread();
    workspace->begin();
    const Answered<void> answer = body(*workspace);
    if (answer) return TALLYHO_OK;
    workspace->say(words_of(answer.error()));
    return number_of(answer.error().code);
  } catch (...) {
    const Problem problem = describe_exception();
    if (workspace != nullptr) workspace->say(words_of(problem));
    return number_of(problem.code);
  }
}

inline constexpr std::size_t struct_bytes_max = 4096;  // A caller's that is larger has forgotten to set its size.

template <typename Struct>
bool has_size(const Struct* given) {
  return given != nullptr && given->size >= sizeof(std::size_t) && given->size <= struct_bytes_max;
}

// A struct that begins with its size, as this library knows it: fields that the caller does not have are 0. Nothing if
// the size makes no sense or fields are set that this library does not know.
template <typename Struct>
std::optional<Struct> read_sized(const Struct* given) {
  if (!has_size(given)) return std::nullopt;
  const auto* bytes = reinterpret_cast<const std::byte*>(given);
  for (std::size_t i = sizeof(Struct); i < given->size; ++i) {
    if (bytes[i] != std::byte{0}) return std::nullopt;
  }
  Struct known{};
  std::memcpy(&known, given, std::min(given->size, sizeof(Struct)));
  return known;
}

// The other way: writes the fields that both know, but not the size.
template <typename Struct>
void write_sized(const Struct& known, Struct* given) {
  const std::size_t bytes = std::min(given->size, sizeof(Struct)) - sizeof(std::size_t);
  std::memcpy(reinterpret_cast<std::byte*>(given) + sizeof(std::size_t),
              reinterpret_cast<const std::byte*>(&known) + sizeof(std::size_t), bytes);
}

}  // namespace tallyho::capi
