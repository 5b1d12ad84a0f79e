#pragma once

#include <memory>
#include <string>

#include "ruleset/loader.h"

namespace tallyho::cli {

// Loads a ruleset for a verb. Null if it has problems, which have then been printed to stderr, every one with its line
// and a caret.
std::shared_ptr<const Ruleset> load_or_explain(const std::string& path);

// The diagnostics as the command line prints them, with a closing line that counts them.
std::string diagnostics_text(const std::vector<Diagnostic>& diagnostics, std::string_view source);

// A file's bytes; "" if it can't be read.
std::string read_file(const std::string& path);

}  // namespace tallyho::cli
