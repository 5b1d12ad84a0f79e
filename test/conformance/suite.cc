#include "suite.h"

#include <fstream>
#include <stdexcept>

#include "fmt/format.h"

namespace tallyho::conformance {
namespace {

// Tests of the conformance suite have names; those taken from cel-go's own tests are numbered.
std::string name_of(const Test& test, std::size_t number) {
  std::string_view name;
  if (test.original()["name"].get(name) == simdjson::SUCCESS) return std::string(name);
  return std::to_string(number);
}

}  // namespace

std::string_view Test::text(const char* name) const {
  std::string_view found;
  if (whole[name].get(found) == simdjson::SUCCESS) return found;
  if (original()[name].get(found) == simdjson::SUCCESS) return found;
  return {};
}

Suite::Suite(const std::string& name, const std::string& path) {
  std::map<std::string, int> times;
  const simdjson::dom::array tests = parser_.load(path);
  for (const simdjson::dom::element json : tests) {
    Test test{.file = name, .id = "", .whole = json};
    std::string place;
    for (const simdjson::dom::element part : json["place"]) {
      const std::string_view text = part.get_string();
      if (place.empty()) test.file = text;
      place.append(place.empty() ? "" : "/").append(text);
    }
    if (place.empty()) place = name;
    test.id = fmt::format("{}/{}", place, name_of(test, tests_.size() + 1));
    if (const int time = ++times[test.id]; time > 1) test.id += fmt::format("#{}", time);
    tests_.push_back(std::move(test));
  }
}

std::map<std::string, std::string, std::less<>> read_left_out(const std::string& path) {
  std::ifstream file(path);
  if (!file) throw std::runtime_error("cannot read " + path);
  std::map<std::string, std::string, std::less<>> reasons;
  std::string reason;
  for (std::string line; std::getline(file, line);) {
    if (line.empty() || line.starts_with('#')) continue;
    if (line.starts_with('[')) {
      reason = line.substr(1, line.find(']') - 1);
    } else if (reason.empty()) {
      throw std::runtime_error(fmt::format("{}: {} stands below no reason", path, line));
    } else if (!reasons.emplace(line, reason).second) {
      throw std::runtime_error(fmt::format("{}: {} is listed twice", path, line));
    }
  }
  return reasons;
}

}  // namespace tallyho::conformance
