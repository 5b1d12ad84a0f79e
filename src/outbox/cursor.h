#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "log/file_system.h"
#include "outbox/spool.h"

namespace tallyho {

// How far the receiver has heard the outbox of a log: a file of one line beside it, `outbox.cursor`, which is replaced
// as a whole, so that it is one or the other also after a crash.

// Nothing: there is none, or it is of another log. Errors: of reading; a file that is no cursor (EILSEQ).
IoResult<std::optional<SpoolMark>> read_cursor(LogDirectory& directory, std::string_view identity);

// Returns once it is on the disk. Errors: of writing.
IoStatus write_cursor(LogDirectory& directory, std::string_view identity, SpoolMark mark);

}  // namespace tallyho
