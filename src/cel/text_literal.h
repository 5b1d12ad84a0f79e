#pragma once

#include <expected>
#include <optional>
#include <string>
#include <string_view>

#include "cel/ast.h"

namespace tallyho::cel {

// The text or bytes that a string or bytes literal stands for, given as written: prefix letters, quotes, escapes.
// `begin` is where it stands in the source, for the issue if an escape makes no sense.
//
// In strings \xFF and \377 are code points, in bytes they are octets, and \u and \U have no place there. Line ends
// within """ are \n, however the text writes them.
std::expected<std::string, Issue> decode_text_literal(std::string_view written, std::uint32_t begin);

// What is between the quotes, if that is the text already, as of most literals.
std::optional<std::string_view> plain_text_literal(std::string_view written);

}  // namespace tallyho::cel
