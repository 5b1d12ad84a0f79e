#include "ruleset/yaml_node.h"

#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/parser.h>

#include <algorithm>
#include <array>
#include <exception>
#include <sstream>
#include <utility>

#include "fmt/format.h"
#include "ruleset/yaml_text.h"

namespace tallyho {
namespace {

constexpr std::string_view byte_order_mark = "\xef\xbb\xbf";

// What the event handler throws through the parser to make it stop; caught in parse_yaml().
struct Stop {};

std::size_t offset_of(const YAML::Mark& mark, std::size_t shift) {
  return mark.pos < 0 ? shift : static_cast<std::size_t>(mark.pos) + shift;
}

// The tags that say no more than the text does, or that it is a text.
bool is_core_tag(std::string_view tag) {
  constexpr std::array<std::string_view, 7> names{"str", "int", "float", "bool", "null", "map", "seq"};
  constexpr std::string_view prefix = "tag:yaml.org,2002:";
  return tag.starts_with(prefix) && std::ranges::find(names, tag.substr(prefix.size())) != names.end();
}

// Builds nodes from the parser's events, refusing what rulesets do not use.
class TreeBuilder final : public YAML::EventHandler {
 public:
  TreeBuilder(Report& report, std::size_t shift) : report_(report), shift_(shift) {}

  std::optional<YamlNode> take_root() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& mark) override {
    if (++documents_ > 1) refuse(mark, 1, "a ruleset is one YAML document; this is a second one");
  }
  void OnDocumentEnd() override {}

  void OnNull(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override {
    const std::size_t begin = offset_of(mark, shift_);
    const std::string_view rest = source().substr(std::min(begin, source().size()));
    YamlNode node;
    for (const std::string_view word : {"~", "null", "Null", "NULL"}) {
      if (rest.starts_with(word)) node.end = begin + word.size();
    }
    if (rest.starts_with('!')) refuse_tag(mark, rest.substr(0, rest.find_first_of(" \t\r\n")));
    // An empty value has no place of its own: the parser's is that of what comes next.
    if (node.end == 0 && !stack_.empty() && stack_.back().keys.size() > stack_.back().items.size()) {
      node.begin = stack_.back().keys.back().begin;
      node.end = stack_.back().keys.back().end;
    } else {
      node.begin = begin;
      node.end = std::max(node.end, begin + 1);
    }
    add(std::move(node));
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override {
    refuse(mark, 1, "aliases (*) are not used in rulesets; write the value out, or quote an expression that begins so");
  }

  void OnAnchor(const YAML::Mark& mark, const std::string& /*name*/) override {
    if (source().substr(offset_of(mark, shift_)).starts_with('!'))
      return;  // The scalar's tag comes next, and says more.
    refuse(mark, 1, "anchors (&) are not used in rulesets; quote an expression that begins so");
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t /*anchor*/,
                const std::string& value) override {
    std::size_t begin = offset_of(mark, shift_);
    const bool is_tagged = tag != "?" && tag != "!";
    if (is_tagged) {
      if (!is_core_tag(tag)) refuse_tag(mark, tag);
      begin = skip_tag(begin);
    }
    // The file is UTF-8: only these two escapes, which yaml-cpp 0.7 reads as single bytes, lead to anything else.
    if (find_invalid_utf8(value) != std::string_view::npos) {
      refuse(mark, 1, R"(the escapes \N and \_ are not used in rulesets; write \u0085 or \u00A0)");
    }
    const ScalarPlaces places(source(), begin, value);
    YamlNode node;
    node.kind = YamlNode::Kind::scalar;
    node.is_plain = tag == "?" || (is_tagged && !tag.ends_with(":str"));
    node.text = value;
    node.begin = begin;
    node.end = std::max(places.whole().end, begin + 1);
    if (places.is_unterminated()) {
      report_.error(begin, begin + 1, fmt::format("this quoted text is not closed; it needs a {}", source()[begin]));
      throw Stop{};
    }
    const bool is_key =
        !stack_.empty() && stack_.back().is_map() && stack_.back().keys.size() == stack_.back().items.size();
    if (is_key && node.is_plain && value == "<<") {
      refuse(mark, 2, "merge keys (<<) are not used in rulesets; write the members out");
    }
    add(std::move(node));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t /*anchor*/,
                       YAML::EmitterStyle::value /*style*/) override {
    open(mark, tag, YamlNode::Kind::list);
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t /*anchor*/,
                  YAML::EmitterStyle::value /*style*/) override {
    open(mark, tag, YamlNode::Kind::map);
  }
  void OnMapEnd() override { close(); }

 private:
  std::string_view source() const { return report_.source().text(); }

  [[noreturn]] void refuse(const YAML::Mark& mark, std::size_t length, std::string message) {
    const std::size_t begin = offset_of(mark, shift_);
    report_.error(begin, begin + length, std::move(message));
    throw Stop{};
  }

  [[noreturn]] void refuse_tag(const YAML::Mark& mark, std::string_view tag) {
    refuse(
        mark, std::max<std::size_t>(1, tag.size()),
        fmt::format("'!' begins a YAML tag, and '{}' is none that rulesets know; quote an expression that begins so, "
                    "as in \"!player.ready\"",
                    tag));
  }

  // Behind `!!str` and the blanks, line ends and comments after it.
  std::size_t skip_tag(std::size_t offset) const {
    const std::string_view text = source();
    while (offset < text.size() && text[offset] == '!') {
      offset = std::min(text.find_first_of(" \t\r\n", offset), text.size());
      offset = std::min(text.find_first_not_of(" \t\r\n", offset), text.size());
      while (offset < text.size() && text[offset] == '#') {
        offset = std::min(text.find('\n', offset), text.size());
        offset = std::min(text.find_first_not_of(" \t\r\n", offset), text.size());
      }
    }
    return offset;
  }

  void open(const YAML::Mark& mark, const std::string& tag, YamlNode::Kind kind) {
    if (tag != "?" && tag != "!" && !tag.empty() && !is_core_tag(tag)) refuse_tag(mark, tag);
    if (stack_.size() >= static_cast<std::size_t>(yaml_depth_max)) {
      refuse(mark, 1, fmt::format("nested more than {} levels deep", yaml_depth_max));
    }
    YamlNode& node = stack_.emplace_back();
    node.kind = kind;
    node.begin = offset_of(mark, shift_);
    node.end = node.begin + 1;
  }

  void close() {
    YamlNode node = std::move(stack_.back());
    stack_.pop_back();
    // `a: {b}` and `{a, b}`: a key at the end that got no value.
    if (node.is_map()) node.items.resize(node.keys.size());
    add(std::move(node));
  }

  void add(YamlNode node) {
    if (stack_.empty()) {
      root_ = std::move(node);
      return;
    }
    YamlNode& parent = stack_.back();
    const bool is_key = parent.is_map() && parent.keys.size() == parent.items.size();
    if (is_key && !node.is_scalar()) {
      report_.error(node.begin, node.end, fmt::format("a key must be a plain text, not {}", node.kind_name()));
    }
    (is_key ? parent.keys : parent.items).push_back(std::move(node));
  }

  Report& report_;
  std::size_t shift_;            // Bytes before what the parser counts from.
  std::vector<YamlNode> stack_;  // The lists and maps that are open.
  std::optional<YamlNode> root_;
  int documents_ = 0;
};

// What the parser does not say, or says in its own words.
bool is_readable(Report& report) {
  const std::string_view text = report.source().text();
  if (text.size() > ruleset_bytes_max) {
    report.error(0, 1,
                 fmt::format("the file is larger than {} bytes, the most that a ruleset may have", ruleset_bytes_max));
    return false;
  }
  if (const std::size_t bad = find_invalid_utf8(text); bad != std::string_view::npos) {
    report.error(bad, bad + 1,
                 fmt::format("byte 0x{:02x} is not UTF-8; save the file as UTF-8",
                             static_cast<unsigned>(static_cast<unsigned char>(text[bad]))));
    return false;
  }
  for (std::size_t i = 0; i < text.size(); ++i) {
    const auto byte = static_cast<unsigned char>(text[i]);
    const bool is_line_end = byte == '\n' || (byte == '\r' && i + 1 < text.size() && text[i + 1] == '\n');
    if ((byte < 0x20 && byte != '\t' && !is_line_end) || byte == 0x7f) {
      report.error(i, i + 1,
                   fmt::format("control character U+{:04X} in the file; in a text, write it as an escape in "
                               "double quotes",
                               static_cast<unsigned>(byte)));
      return false;
    }
  }
  return true;
}

// The parser's message in our words, with what is most often the matter.
std::string explain_syntax_error(std::string_view message, std::string_view line, std::size_t column) {
  const std::string_view before = line.substr(0, std::min(column, line.size()));
  if (line.substr(0, line.find_first_not_of(" \t")).contains('\t')) return "a tab cannot indent in YAML; use spaces";
  if (message == "illegal map value") {
    return "': ' is only allowed after a key; quote an expression or text that contains it, or write it as a block "
           "(>-)";
  }
  if (message.starts_with("end of map not found") || message.starts_with("end of sequence not found")) {
    const bool follows_quote = before.find_last_of("'\"") != std::string_view::npos;
    return follows_quote ? "text after a closing quote; quote the whole expression, as in \"'Hello ' + event.player\""
                         : "this does not belong here: check the indentation and the quotes";
  }
  if (message == "unknown token") return "a value cannot begin with this character; quote it";
  if (message.contains("anchor is not defined") || message.contains("alias")) {
    return "aliases (*) are not used in rulesets; quote an expression that begins so";
  }
  return fmt::format("not YAML: {}", message);
}

}  // namespace

std::string_view YamlNode::kind_name() const {
  switch (kind) {
    case Kind::null: return "an empty value";
    case Kind::scalar: return "a single value";
    case Kind::list: return "a list";
    case Kind::map: return "a map";
  }
  return "";
}

std::optional<YamlNode> parse_yaml(Report& report) {
  if (!is_readable(report)) return std::nullopt;
  std::string_view text = report.source().text();
  std::size_t shift = 0;
  if (text.starts_with(byte_order_mark)) {
    shift = byte_order_mark.size();
    text.remove_prefix(shift);
  }
  TreeBuilder builder(report, shift);
  try {
    std::istringstream stream{std::string(text)};
    YAML::Parser parser(stream);
    while (parser.HandleNextDocument(builder)) {
    }
  } catch (const Stop&) {
    return std::nullopt;
  } catch (const YAML::Exception& exception) {
    const std::size_t offset = std::min(offset_of(exception.mark, shift), report.source().text().size());
    const SourceText::Place place = report.source().place(offset);
    const std::string_view line = report.source().line(place.line);
    const std::size_t column = byte_of_code_point(line, place.column - 1);
    report.error(offset, offset + 1, explain_syntax_error(exception.msg, line, column));
    return std::nullopt;
  } catch (const std::exception& exception) {
    report.error(0, 1, fmt::format("not YAML: {}", exception.what()));
    return std::nullopt;
  }
  std::optional<YamlNode> root = builder.take_root();
  if (!report.is_empty()) return std::nullopt;
  if (!root) report.error(0, 1, "the file is empty; a ruleset begins with `tallyho: 1`");
  return root;
}

}  // namespace tallyho
