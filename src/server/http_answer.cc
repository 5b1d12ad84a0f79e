#include "server/http_answer.h"

#include <algorithm>
#include <utility>

#include "base/json.h"
#include "boost/beast/http/error.hpp"
#include "server/framing.h"
#include "server/routes.h"
#include "server/tickets.h"

namespace tallyho {

namespace http = boost::beast::http;

namespace {

// "Application/JSON; charset=utf-8" → "application/json".
std::string media_type(std::string_view content_type) {
  std::string type(content_type.substr(0, content_type.find(';')));
  while (!type.empty() && (type.back() == ' ' || type.back() == '\t')) type.pop_back();
  std::ranges::transform(type, type.begin(),
                         [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; });
  return type;
}

}  // namespace

bool is_json(std::string_view content_type) {
  return media_type(content_type) == "application/json";
}

bool is_yaml(std::string_view content_type) {
  return media_type(content_type) == "application/yaml";
}

Answered<EventForm> event_form(std::string_view content_type, std::string_view body) {
  const std::string type = media_type(content_type);
  if (type == "application/x-ndjson") return EventForm::lines;
  if (type == "application/cloudevents+json") return EventForm::cloud_event;
  if (type == "application/cloudevents-batch+json") return EventForm::cloud_events;
  if (type != "application/json") {
    return refuse(Code::invalid_argument,
                  "events come as application/json, application/x-ndjson, application/cloudevents+json or "
                  "application/cloudevents-batch+json");
  }
  const std::size_t first = body.find_first_not_of(" \t\r\n");
  return first != std::string_view::npos && body[first] == '[' ? EventForm::array : EventForm::one;
}

bool allows_method(const Route& route, std::string_view method) {
  std::string_view rest = route.allow;
  while (!rest.empty()) {
    const std::size_t comma = std::min(rest.find(", "), rest.size());
    if (rest.substr(0, comma) == method) return true;
    rest.remove_prefix(std::min(comma + 2, rest.size()));
  }
  return false;
}

HttpAnswer broken_answer(const AnswerWriter& writer, const boost::system::error_code& error, const Limits& limits) {
  const auto larger_than = [](std::string_view what, std::size_t bytes_max) {
    return Problem{
        Code::too_large, "the " + std::string(what) + " is larger than " + std::to_string(bytes_max) + " bytes", {}};
  };
  if (error == http::error::body_limit) {
    return problem_answer(writer, 413, larger_than("body", limits.body_bytes_max));
  }
  if (error == http::error::header_limit) {
    return problem_answer(writer, 431, larger_than("header", limits.header_bytes_max));
  }
  if (error == http::error::buffer_overflow) {
    return problem_answer(writer, 431, larger_than("line of a chunk, or the trailer,", buffer_bytes_max(limits)));
  }
  return problem_answer(writer, 400, {Code::malformed, "not HTTP: " + error.message(), {}});
}

HttpAnswer problem_answer(const AnswerWriter& writer, int status, const Problem& problem) {
  HttpAnswer answer{
      .status = status, .content_type = "application/problem+json", .body = {}, .allow = {}, .upgrade = {}};
  writer.append_problem(answer.body, status, problem);
  return answer;
}

http::response<http::string_body> to_response(HttpAnswer answer, unsigned version, std::string_view origin) {
  http::response<http::string_body> response(static_cast<http::status>(answer.status), version);
  response.set(http::field::server, "tallyho");
  response.set(http::field::content_type, answer.content_type);
  response.set(http::field::cache_control, "no-store");
  response.set("X-Content-Type-Options", "nosniff");
  if (!answer.allow.empty()) response.set(http::field::allow, answer.allow);
  if (!origin.empty()) {  // It is one that was allowed, so its page may read what is answered.
    response.set(http::field::access_control_allow_origin, origin);
    response.set(http::field::vary, "Origin");
    if (answer.status == 204) {
      response.set(http::field::access_control_allow_methods, answer.allow);
      response.set(http::field::access_control_allow_headers,
                   "Authorization, Content-Type, Last-Event-ID, traceparent, tracestate");
      response.set(http::field::access_control_max_age, "600");
    }
  }
  if (!answer.upgrade.empty()) {
    response.set(http::field::upgrade, answer.upgrade);
    response.set(http::field::sec_websocket_version, "13");
  }
  if (answer.status == 401) response.set(http::field::www_authenticate, "Bearer");
  if (answer.status == 429 || answer.status == 503) response.set(http::field::retry_after, "1");
  response.body() = std::move(answer.body);
  return response;
}

HttpAnswer ticket_answer(std::string_view ticket) {
  HttpAnswer answer;
  JsonWriter json(answer.body);
  json.object().key("ticket").text(ticket);
  json.key("expires_in_ms").number(std::int64_t{std::chrono::milliseconds(Tickets::lifetime).count()}).end();
  return answer;
}

HttpAnswer events_answer(const AnswerWriter& writer, EventForm form, const std::vector<Item>& items) {
  HttpAnswer answer;
  if (form == EventForm::one || form == EventForm::cloud_event) {
    answer.status = http_status(code_of(items.front()));
    writer.append_result(answer.body, items.front(), true);
    return answer;
  }
  if (form == EventForm::lines) answer.content_type = "application/x-ndjson";
  const bool is_array = form == EventForm::array || form == EventForm::cloud_events;
  if (is_array) answer.body += '[';
  bool is_first = true;
  for (const Item& item : items) {
    if (is_array && !is_first) answer.body += ',';
    is_first = false;
    writer.append_result(answer.body, item, true);
    if (form == EventForm::lines) answer.body += '\n';
  }
  if (is_array) answer.body += ']';
  return answer;
}

}  // namespace tallyho
