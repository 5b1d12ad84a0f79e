#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/problem.h"
#include "boost/beast/http/message.hpp"
#include "boost/beast/http/string_body.hpp"
#include "boost/system/error_code.hpp"
#include "server/answers.h"
#include "server/batch.h"
#include "server/limits.h"

namespace tallyho {

// The answer to an HTTP request, before it is put on the wire.
struct HttpAnswer {
  int status = 200;
  std::string content_type = "application/json";
  std::string body;
  std::string_view allow;    // 405: the methods that there are.
  std::string_view upgrade;  // 426: to what.
};

// How the body of POST /v1/events holds events.
enum class EventForm : std::uint8_t { one, array, lines, cloud_event, cloud_events };

// By content type, and whether the JSON begins with a bracket. Errors: invalid_argument, to be sent with 415.
Answered<EventForm> event_form(std::string_view content_type, std::string_view body);

// Whether a content type is application/json, with or without parameters.
bool is_json(std::string_view content_type);

// The same for application/yaml.
bool is_yaml(std::string_view content_type);

// Whether the comma-separated `allow` of the route lists the method.
struct Route;
bool allows_method(const Route& route, std::string_view method);

// The answer as it is sent, but for what depends on the connection; `origin` is the page's that may read it, or "".
boost::beast::http::response<boost::beast::http::string_body> to_response(HttpAnswer answer, unsigned version,
                                                                          std::string_view origin);

// A new ticket, for its owner.
HttpAnswer ticket_answer(std::string_view ticket);

HttpAnswer problem_answer(const AnswerWriter& writer, int status, const Problem& problem);

// To what is not HTTP, or too much of it: what Beast said when it read it.
HttpAnswer broken_answer(const AnswerWriter& writer, const boost::system::error_code& error, const Limits& limits);

// The results of a request's events, in order.
HttpAnswer events_answer(const AnswerWriter& writer, EventForm form, const std::vector<Item>& items);

}  // namespace tallyho
