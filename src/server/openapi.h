#pragma once

#include <string_view>

namespace tallyho {

// The OpenAPI 3.1 description of everything HTTP here, as JSON: openapi.json of this folder.
std::string_view openapi_json();

}  // namespace tallyho
