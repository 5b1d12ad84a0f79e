#pragma once

namespace tallyho {

// Asks for memory in pages of 2 MiB from now on, where the system has them. For programs that work through much and
// end: state is read at random, and with pages of 4 KiB nearly every read of it also misses the processor's address
// tables. Not for servers: making such a page can take the system a tenth of a second, and the thread that asked for it
// waits (bench/FAILED.md). Call it first in main(). Part of programs, not of the library (cmake/program.cmake), as it
// speaks to their allocator; with another one it does nothing.
void ask_for_large_pages();

}  // namespace tallyho
