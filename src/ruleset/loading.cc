#include "ruleset/loading.h"

#include <algorithm>

#include "fmt/format.h"
#include "ruleset/expression.h"

namespace tallyho {

std::optional<cel::Program> Loading::compile(const YamlNode* node, std::string_view what, const Vocabulary& vocabulary,
                                             const cel::Type& expected, std::string_view owner,
                                             std::vector<Priced>& prices) {
  if (node == nullptr) return std::nullopt;
  std::optional<cel::Program> program = tallyho::compile(*node, what, vocabulary, expected, report);
  if (program) {
    prices.push_back({node, fmt::format("{}, {}", owner, what), &vocabulary, program->cost(), program->slots()});
  }
  return program;
}

std::optional<cel::Program> Loading::compile(const YamlNode* node, std::string_view what, const Vocabulary& vocabulary,
                                             cel::Type::Kind expected, std::string_view owner,
                                             std::vector<Priced>& prices) {
  return compile(node, what, vocabulary, cel::Type::simple(expected), owner, prices);
}

std::vector<EventTypeIndex> read_event_types(const YamlNode* node, std::string_view what, Loading& loading) {
  const Ruleset& ruleset = *loading.ruleset;
  std::vector<EventTypeIndex> on;
  if (node == nullptr) {
    for (std::size_t i = 0; i < ruleset.events.size(); ++i) on.push_back(static_cast<EventTypeIndex>(i));
    return on;
  }
  const std::vector<const YamlNode*> items = read_list_or_one(*node, what, loading.report);
  if (node->is_list() && items.empty()) {
    loading.error(*node,
                  fmt::format("{} is an empty list, which no event can match; leave it out for every type", what));
  }
  for (const YamlNode* item : items) {
    const std::optional<std::string_view> name = read_text(*item, "an event type", loading.report);
    if (!name) continue;
    const EventType* type = ruleset.find_event(*name);
    if (type == nullptr) {
      std::vector<std::string_view> known;
      known.reserve(ruleset.events.size());
      for (const EventType& event : ruleset.events) known.push_back(event.name);
      if (!loading.declarations.broken.contains(fmt::format("type:{}", *name))) {
        loading.error(*item, fmt::format("unknown event type '{}'{}", *name, suggestion(*name, known)));
      }
      continue;
    }
    const auto index = static_cast<EventTypeIndex>(type - ruleset.events.data());
    if (std::ranges::find(on, index) != on.end()) {
      loading.error(*item, fmt::format("event type '{}' is listed twice", *name));
      continue;
    }
    on.push_back(index);
  }
  std::ranges::sort(on);
  return on;
}

std::optional<std::string> read_name(const YamlNode& node, std::string_view what, Report& report) {
  const std::optional<std::string_view> text = read_text(node, what, report);
  if (!text) return std::nullopt;
  const bool is_name = !text->empty() && text->size() <= 63 && std::ranges::all_of(*text, [](char c) {
    return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-';
  });
  if (is_name) return std::string(*text);
  report.error(node.begin, node.end,
               fmt::format("{} must be 1 to 63 of the characters a-z, 0-9 and -, not '{}'", what, *text));
  return std::nullopt;
}

bool check_identifier(const YamlNode& key, std::string_view what, Report& report) {
  constexpr std::size_t identifier_bytes_max = 128;
  const std::string_view name = key.text;
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || c == '_'; };
  const bool is_identifier = !name.empty() && name.size() <= identifier_bytes_max && is_letter(name[0]) &&
                             std::ranges::all_of(name, [&](char c) { return is_letter(c) || (c >= '0' && c <= '9'); });
  if (!is_identifier) {
    report.error(key.begin, key.end,
                 fmt::format("{} must be a name of letters, digits and _ that does not begin with a "
                             "digit, not '{}'",
                             what, name));
    return false;
  }
  if (name == "in" || name == "true" || name == "false" || name == "null") {
    report.error(key.begin, key.end, fmt::format("{} cannot be '{}', a word of the expression language", what, name));
    return false;
  }
  return true;
}

std::optional<Every> read_every(const YamlNode& node, std::string_view what, bool takes_ever, Report& report) {
  const std::optional<std::size_t> choice = takes_ever
                                                ? read_choice(node, what, {"hourly", "daily", "weekly", "ever"}, report)
                                                : read_choice(node, what, {"hourly", "daily", "weekly"}, report);
  if (!choice) return std::nullopt;
  constexpr Every every[] = {Every::hourly, Every::daily, Every::weekly, Every::never};
  return every[*choice];
}

}  // namespace tallyho
