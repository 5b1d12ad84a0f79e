#pragma once

#include <expected>
#include <string>
#include <string_view>

#include "base/arena.h"
#include "base/error.h"

namespace tallyho {

// Why an event in CloudEvents' form can't be read.
struct CloudEventFault {
  Code code = Code::invalid_field;
  std::string_view field;  // The attribute to blame.
  std::string message;
};

// An event as CloudEvents 1.0 writes it (structured mode, cloudevents.io), as an event of ours:
//
//     {"specversion":"1.0","type":"treasure_found","source":"/shop","id":"e1","subject":"ada",
//      "time":"2026-07-19T20:00:00Z","data":{"treasure":"ruby"}}
//     → {"type":"treasure_found","player":"ada","id":"e1","ts":"2026-07-19T20:00:00Z","treasure":"ruby"}
//
// `source`, `dataschema` and extensions are not kept. `json` is a well-formed object without members of the same name:
// the event decoder has said so. The values, copied as they stand, are for the decoder to judge. O(bytes).
// Errors: missing_field, invalid_field.
std::expected<std::string_view, CloudEventFault> event_of_cloud_event(std::string_view json, Arena& arena);

}  // namespace tallyho
