#pragma once

#include <cstddef>
#include <span>
#include <string_view>
#include <vector>

#include "log/file_system.h"

namespace tallyho {

// All of a file's bytes. Errors: of opening (ENOENT: it is not there) and reading.
IoResult<std::vector<std::byte>> read_file(LogDirectory& directory, std::string_view name);

// Puts a durable file of these bytes in the place of `name`, at once: after a crash there is the one before, if there
// was any, or this one. What is half written is called `unfinished`. Errors: of writing; then it is as before, or this.
IoStatus replace_file(LogDirectory& directory, std::string_view name, std::string_view unfinished,
                      std::span<const std::byte> bytes);

}  // namespace tallyho
