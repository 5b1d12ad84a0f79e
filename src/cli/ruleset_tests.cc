#include "cli/ruleset_tests.h"

#include <algorithm>
#include <filesystem>
#include <functional>
#include <memory>
#include <optional>
#include <set>

#include "base/json.h"
#include "cli/offline.h"
#include "cli/ruleset_files.h"
#include "cli/yaml_json.h"
#include "fmt/format.h"
#include "simdjson.h"
#include "yaml-cpp/yaml.h"

namespace tallyho::cli {
namespace {

// Thrown within this file only: a mistake in the test file, with its place.
struct Mistake {
  int line;
  std::string message;
};

int line_of(const YAML::Node& node) {
  return node.Mark().line + 1;
}

void require_keys(const YAML::Node& node, const std::set<std::string>& known, std::string_view what) {
  if (!node.IsMap()) throw Mistake{line_of(node), fmt::format("{} must be a mapping", what)};
  std::set<std::string> seen;
  for (const auto& item : node) {
    const std::string& key = item.first.Scalar();
    if (!seen.insert(key).second) throw Mistake{line_of(item.first), fmt::format("'{}' is given twice", key)};
    if (known.empty() || known.contains(key)) continue;
    const std::vector<std::string_view> candidates(known.begin(), known.end());
    const std::string meant = nearest(key, candidates);
    throw Mistake{line_of(item.first), fmt::format("{} has no key '{}'{}", what, key,
                                                   meant.empty() ? "" : "; did you mean '" + meant + "'?")};
  }
}

// Runs one test on an engine of its own, and collects what was not as expected.
class TestRun {
 public:
  TestRun(std::string name, std::string file, std::shared_ptr<const Ruleset> ruleset, TestReport& report)
      : name_(std::move(name)),
        file_(std::move(file)),
        ruleset_(std::move(ruleset)),
        offline_(ruleset_),
        report_(report) {}

  void run(const YAML::Node& test) {
    const std::size_t failures_before = report_.failures.size();
    try {
      require_keys(test, {"name", "events", "expect"}, "a test");
      for (const auto& step : test["events"]) play(step);
      if (test["expect"]) expect_end(test["expect"]);
    } catch (const Mistake& mistake) {
      report_.failures.push_back({name_, file_, mistake.line, mistake.message});
    }
    ++(report_.failures.size() == failures_before ? report_.passed : report_.failed);
  }

 private:
  void fail(const YAML::Node& where, std::string message) {
    report_.failures.push_back({name_, file_, line_of(where), std::move(message)});
  }

  void expect_same(const YAML::Node& where, std::string_view what, const std::string& expected,
                   const std::string& actual) {
    if (!same_json(expected, actual)) fail(where, fmt::format("{}: expected {}, got {}", what, expected, actual));
  }

  void play(const YAML::Node& step) {
    require_keys(step, {"at", "event", "expect"}, "a step");
    std::optional<Timestamp> at;
    if (step["at"]) {
      at = parse_timestamp(step["at"].Scalar());
      if (!at) throw Mistake{line_of(step["at"]), "'at' must be an RFC 3339 timestamp, such as 2026-07-19T20:00:00Z"};
    }
    if (!step["event"]) throw Mistake{line_of(step), "a step needs an 'event'"};
    // A mapping is the event; a string is its bytes, for events that are no JSON.
    const std::string bytes = step["event"].IsScalar() ? step["event"].Scalar() : to_json(step["event"]);
    const Answer& answer = offline_.score(bytes, at);
    if (step["expect"]) expect_answer(step["expect"], answer);
  }

  void expect_answer(const YAML::Node& expect, const Answer& answer) {
    require_keys(expect, {"code", "points", "total", "fired", "not_fired", "rule", "message", "field", "notices"},
                 "'expect'");
    for (const auto& item : expect) {
      const std::string& key = item.first.Scalar();
      if (key == "fired" || key == "not_fired")
        expect_fired(item.second, answer, key == "fired");
      else
        expect_same(item.first, key, to_json(item.second), actual(key, answer));
    }
    // An answer of another code than the test speaks of would make the rest hard to read.
    if (!expect["code"] && answer.code != Code::ok) {
      fail(expect, fmt::format("code: expected \"ok\", got \"{}\": {}", name_of(answer.code), answer.message));
    }
  }

  std::string actual(const std::string& key, const Answer& answer) const {
    std::string out;
    JsonWriter json(out);
    if (key == "code")
      json.text(name_of(answer.code));
    else if (key == "message")
      json.text(answer.message);
    else if (key == "field")
      json.text(answer.field);
    else if (key == "rule")
      json.text(blamed(answer));
    else if (key == "points")
      json.number(answer.outcome ? answer.outcome->points : 0);
    else if (key == "total")
      json.number(answer.outcome ? answer.outcome->total : 0);
    else
      append_notices(json, answer);
    return out;
  }

  std::string_view blamed(const Answer& answer) const {
    if (answer.outcome && answer.outcome->rule) return ruleset_->rules[*answer.outcome->rule].id;
    if (answer.outcome && answer.outcome->board) return ruleset_->boards[*answer.outcome->board].id;
    return "";
  }

  static void append_notices(JsonWriter& json, const Answer& answer) {
    json.array();
    if (answer.outcome) {
      for (const Notice& notice : answer.outcome->notices) json.text(notice.text);
    }
    json.end();
  }

  void expect_fired(const YAML::Node& rules, const Answer& answer, bool should_fire) {
    std::vector<std::string> fired;
    if (answer.outcome) {
      for (const FiredRule& rule : answer.outcome->fired) fired.push_back(ruleset_->rules[rule.rule].id);
    }
    if (!rules.IsSequence()) throw Mistake{line_of(rules), "'fired' and 'not_fired' are lists of rule ids"};
    for (const auto& rule : rules) {
      const std::string& id = rule.Scalar();
      const bool exists = std::ranges::any_of(ruleset_->rules, [&](const Rule& known) { return known.id == id; });
      if (!exists) throw Mistake{line_of(rule), fmt::format("the ruleset has no rule '{}'", id)};
      if ((std::ranges::find(fired, id) != fired.end()) == should_fire) continue;
      fail(rule, fmt::format("{}: expected to {}fire; fired: {}", id, should_fire ? "" : "not ",
                             fired.empty() ? "none" : fmt::format("{}", fmt::join(fired, ", "))));
    }
  }

  void expect_end(const YAML::Node& expect) {
    require_keys(expect, {"players", "boards"}, "'expect'");
    if (expect["players"]) {
      require_keys(expect["players"], {}, "'players'");
      for (const auto& player : expect["players"]) expect_player(player.first, player.second);
    }
    if (!expect["boards"]) return;
    require_keys(expect["boards"], {}, "'boards'");
    simdjson::dom::parser parser;
    const simdjson::padded_string actual(boards_json(offline_.engine()));
    const simdjson::dom::element boards = parser.parse(actual).value();
    for (const auto& board : expect["boards"]) {
      simdjson::dom::element found;
      if (boards[board.first.Scalar()].get(found) != simdjson::SUCCESS) {
        throw Mistake{line_of(board.first), fmt::format("the ruleset has no board '{}'", board.first.Scalar())};
      }
      expect_board(board.first.Scalar(), board.second, found);
    }
  }

  void expect_player(const YAML::Node& name, const YAML::Node& variables) {
    const auto player = offline_.engine().find_player(name.Scalar());
    if (!player)
      return fail(name, fmt::format("player {}: expected to be there, has no accepted event", name.Scalar()));
    simdjson::dom::parser parser;
    const simdjson::padded_string json(offline_.engine().player_state_json(player->symbol));
    const simdjson::dom::element state = parser.parse(json).value();
    require_keys(variables, {}, "a player");
    for (const auto& variable : variables) {
      const std::string& key = variable.first.Scalar();
      simdjson::dom::element value;
      std::string actual = std::to_string(player->total);
      if (key != "total") {
        if (state[key].get(value) != simdjson::SUCCESS) {
          throw Mistake{line_of(variable.first), fmt::format("'player' has no state '{}'", key)};
        }
        actual = simdjson::minify(value);
      }
      expect_same(variable.first, fmt::format("{}.{}", name.Scalar(), key), to_json(variable.second), actual);
    }
  }

  // A board is a list of entries, or a mapping of groups or windows to them. What is listed must be there; an empty
  // list means that nobody is.
  void expect_board(const std::string& path, const YAML::Node& expected, const simdjson::dom::element& actual) {
    if (expected.IsMap()) {
      for (const auto& item : expected) {
        const std::string inner = path + "/" + item.first.Scalar();
        simdjson::dom::element found;
        if (actual.is_object() && actual[item.first.Scalar()].get(found) == simdjson::SUCCESS) {
          expect_board(inner, item.second, found);
        } else if (item.second.size() > 0) {
          fail(item.first, fmt::format("{}: expected to have members, is empty", inner));
        }
      }
      return;
    }
    if (expected.size() == 0 && actual.is_array() && simdjson::dom::array(actual).size() > 0) {
      fail(expected, fmt::format("{}: expected nobody, got {}", path, std::string(simdjson::minify(actual))));
    }
    for (const auto& entry : expected) expect_entry(path, entry, actual);
  }

  void expect_entry(const std::string& path, const YAML::Node& entry, const simdjson::dom::element& actual) {
    require_keys(entry, {"rank", "member", "value"}, "a board's entry");
    const bool found =
        actual.is_array() && std::ranges::any_of(simdjson::dom::array(actual), [&](const auto& standing) {
          return std::ranges::all_of(entry, [&](const auto& item) {
            return same_json(to_json(item.second), simdjson::minify(standing[item.first.Scalar()].value()));
          });
        });
    if (!found) {
      fail(entry, fmt::format("{}: expected {}, got {}", path, to_json(entry), std::string(simdjson::minify(actual))));
    }
  }

  std::string name_;
  std::string file_;
  std::shared_ptr<const Ruleset> ruleset_;
  Offline offline_;
  TestReport& report_;
};

void run_file(const std::string& path, TestReport& report) {
  const YAML::Node file = YAML::LoadFile(path);
  require_keys(file, {"ruleset", "tests"}, "a test file");
  if (!file["ruleset"] || !file["tests"]) throw Mistake{1, "a test file needs 'ruleset' and 'tests'"};
  const std::string ruleset_path =
      (std::filesystem::path(path).parent_path() / file["ruleset"].Scalar()).lexically_normal().string();
  const auto ruleset = load_ruleset_file(ruleset_path);
  if (!ruleset) {
    throw Mistake{line_of(file["ruleset"]),
                  "its ruleset has problems:\n" + diagnostics_text(ruleset.error(), read_file(ruleset_path))};
  }
  if (!file["tests"].IsSequence()) throw Mistake{line_of(file["tests"]), "'tests' must be a list"};
  for (const auto& test : file["tests"]) {
    if (!test.IsMap() || !test["name"]) throw Mistake{line_of(test), "a test needs a 'name'"};
    TestRun(test["name"].Scalar(), path, *ruleset, report).run(test);
  }
}

}  // namespace

TestReport run_ruleset_tests(const std::string& path) {
  TestReport report;
  try {
    run_file(path, report);
  } catch (const Mistake& mistake) {
    report.failures.push_back({"", path, mistake.line, mistake.message});
  } catch (const YAML::BadFile&) {
    report.failures.push_back({"", path, 0, "can't be read"});
  } catch (const YAML::Exception& error) {
    report.failures.push_back({"", path, error.mark.line + 1, error.msg});
  } catch (const simdjson::simdjson_error& error) {
    report.failures.push_back({"", path, 0, error.what()});
  }
  return report;
}

}  // namespace tallyho::cli
