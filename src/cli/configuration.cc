#include "cli/configuration.h"

#include <algorithm>
#include <optional>
#include <set>
#include <string_view>

#include "CLI/CLI.hpp"
#include "ruleset/source_text.h"
#include "ruleset/yaml_node.h"

namespace tallyho::cli {
namespace {

// The words that make no sense in a file.
bool is_configurable(const CLI::Option& option) {
  const auto& names = option.get_lnames();
  if (names.empty()) return false;
  return names.front() != "help" && names.front() != "config" && names.front() != "check";
}

// "token_key" → "token-key".
std::string dashed(std::string_view key) {
  std::string name(key);
  std::ranges::replace(name, '_', '-');
  return name;
}

class Applier {
 public:
  Applier(CLI::App& verb, Report& report) : verb_(verb), report_(report) {
    for (const CLI::Option* option : verb.get_options()) {
      if (is_configurable(*option)) names_.push_back(option->get_lnames().front());
    }
  }

  void apply(const YamlNode& map, const std::string& prefix) {
    for (std::size_t i = 0; i < map.keys.size(); ++i) {
      const YamlNode& key = map.keys[i];
      const std::string name = prefix + dashed(key.text);
      if (CLI::Option* option = find(name)) {
        set(*option, key, map.items[i]);
      } else if (is_group(name) && map.items[i].is_map()) {
        apply(map.items[i], name + "-");
      } else {
        refuse_key(key, name, prefix);
      }
    }
  }

 private:
  CLI::Option* find(const std::string& name) const {
    return std::ranges::find(names_, name) == names_.end() ? nullptr : verb_.get_option_no_throw("--" + name);
  }
  bool is_group(const std::string& name) const {
    return std::ranges::any_of(names_, [&](const std::string& one) { return one.starts_with(name + "-"); });
  }

  void refuse_key(const YamlNode& key, const std::string& name, const std::string& prefix) {
    if (is_group(name)) return report_.error(key.begin, key.end, "'" + key.text + "' groups others: it is a map");
    std::set<std::string> here;  // What could stand in its place, as it would be written.
    for (std::string one : names_) {
      if (!one.starts_with(prefix)) continue;
      one.erase(0, prefix.size());
      std::ranges::replace(one, '-', '_');
      here.insert(one);
      here.insert(one.substr(0, one.find('_')));
    }
    const std::string near = nearest(key.text, std::vector<std::string_view>(here.begin(), here.end()));
    report_.error(key.begin, key.end,
                  "unknown key '" + key.text + "'" + (near.empty() ? "" : "; did you mean '" + near + "'?"));
  }

  // Twice: `token: {key: a}` and `token_key: b` are the same option.
  void set(CLI::Option& option, const YamlNode& key, const YamlNode& value) {
    if (!seen_.insert(&option).second) return report_.error(key.begin, key.end, "'" + key.text + "' stands here twice");
    std::vector<std::string> texts;
    if (value.is_scalar()) texts.push_back(value.text);
    for (const YamlNode& item : value.items) {
      if (value.is_list() && item.is_scalar()) texts.push_back(item.text);
    }
    const bool is_list = option.get_expected_max() > 1;
    if (texts.empty() || (value.is_list() && (!is_list || texts.size() != value.items.size())) || value.is_map()) {
      return report_.error(key.begin, key.end,
                           "'" + key.text + "' is " + (is_list ? "a value or a list of values" : "one value"));
    }
    const bool is_flag = option.get_expected_min() == 0;
    if (is_flag && texts.front() != "true" && texts.front() != "false") {
      return report_.error(value.begin, value.end, "'" + key.text + "' is true or false");
    }
    if (option.count() > 0) return;  // The command line or the environment has said it.
    try {
      for (std::string& text : texts) option.add_result(std::move(text));
      option.run_callback();
    } catch (const CLI::Error& error) {
      report_.error(value.begin, value.end, "'" + key.text + "': " + error.what());
    }
  }

  CLI::App& verb_;
  Report& report_;
  std::vector<std::string> names_;
  std::set<const CLI::Option*> seen_;
};

}  // namespace

std::string environment_name(const CLI::Option& option) {
  std::string name = "TALLYHO_" + option.get_lnames().front();
  for (char& c : name) c = c == '-' ? '_' : c >= 'a' && c <= 'z' ? static_cast<char>(c - 32) : c;
  return name;
}

void read_environment(CLI::App& verb) {
  for (CLI::Option* option : verb.get_options()) {
    const auto& names = option->get_lnames();
    if (!names.empty() && (is_configurable(*option) || names.front() == "config")) {
      option->envname(environment_name(*option));
    }
  }
}

std::expected<void, std::vector<Diagnostic>> apply_configuration(CLI::App& verb, const std::string& path,
                                                                 const std::string& source) {
  const SourceText text(source);
  Report report(path, text);
  const auto root = parse_yaml(report);
  if (root && !root->is_map() && !root->is_null())
    report.error(root->begin, root->end, "the file is a map of settings");
  if (root && root->is_map()) Applier(verb, report).apply(*root, "");
  if (!report.is_empty()) return std::unexpected(report.take());
  return {};
}

}  // namespace tallyho::cli
