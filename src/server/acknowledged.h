#pragma once

#include <cstdint>

namespace tallyho {

// How many bytes the other side of a TCP connection has acknowledged since it began, by its socket; 0 if the kernel
// does not say. It only grows, and stands still while the other side reads nothing: so a client that takes nothing is
// told from a slow one without counting what is written. A system call.
std::uint64_t bytes_acknowledged(int socket);

}  // namespace tallyho
