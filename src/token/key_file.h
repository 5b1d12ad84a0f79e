#pragma once

#include <expected>
#include <span>
#include <string>

#include "token/key_set.h"

namespace tallyho {

// Reads the keys of these files together. Errors: a sentence with the file's name.
std::expected<TokenKeySet, std::string> read_key_files(std::span<const std::string> paths);

// Makes a new secret, and a file with it that only its owner may read. Errors: a sentence; a file that is there already
// is left alone.
std::expected<void, std::string> make_secret_file(const std::string& path);

}  // namespace tallyho
