// Any bytes as the target of a request: "/v1/boards/a%20b?limit=3". Nothing crashes; what is taken is UTF-8 without a
// name given twice; parameters that are taken are within the limits.

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>
#include <tuple>

#include "server/request_target.h"
#include "server/routes.h"
#include "simdjson.h"

namespace tallyho {
namespace {

void require(bool holds, const char* what) {
  if (holds) return;
  std::fprintf(stderr, "broken: %s\n", what);
  std::abort();
}

void check_parts(const RequestTarget& target) {
  require(!target.segments.empty(), "a path has a segment, which may be empty");
  for (const std::string_view segment : target.segments) {
    require(simdjson::validate_utf8(segment.data(), segment.size()), "a segment is UTF-8");
  }
  for (std::size_t i = 0; i < target.parameters.size(); ++i) {
    const auto& [name, value] = target.parameters[i];
    require(simdjson::validate_utf8(name.data(), name.size()), "a name is UTF-8");
    require(simdjson::validate_utf8(value.data(), value.size()), "a value is UTF-8");
    for (std::size_t j = 0; j < i; ++j) require(target.parameters[j].first != name, "no name is given twice");
  }
}

void check_route(const RequestTarget& target, const Limits& limits) {
  const Route route = find_route(target);
  require((route.kind == Route::Kind::none) == route.allow.empty(), "what is a path takes a method");
  const std::string_view board = route.read.selector.board;
  if (const auto read = read_parameters(route.read, target, limits)) {
    require(read->limit >= 1 && read->limit <= limits.page_max, "limit is within bounds");
    require(!read->around || *read->around <= limits.radius_max, "around is within bounds");
    require(!(read->cursor && read->offset), "cursor and offset exclude each other");
  }
  if (const auto stream = stream_parameters(board, target, limits)) {
    require(stream->watch.top >= 1 && stream->watch.top <= limits.top_max, "top is within bounds");
    require(stream->watch.radius <= limits.radius_max, "radius is within bounds");
  }
  std::ignore = export_parameters(board, target, "");
  std::ignore = detail_parameter(target);
}

}  // namespace
}  // namespace tallyho

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const tallyho::Limits limits;
  tallyho::Arena arena;
  const auto target = tallyho::parse_target({reinterpret_cast<const char*>(data), size}, arena);
  if (!target) {
    tallyho::require(!target.error().message.empty(), "a refusal says why");
    return 0;
  }
  tallyho::check_parts(*target);
  tallyho::check_route(*target, limits);
  return 0;
}
