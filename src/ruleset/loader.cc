#include "ruleset/loader.h"

#include <xxhash.h>

#include <cerrno>
#include <cstring>
#include <fstream>
#include <iterator>

#include "fmt/format.h"
#include "ruleset/loading.h"

namespace tallyho {
namespace {

std::string hash_of(std::string_view source) {
  const XXH128_hash_t hash = XXH3_128bits(source.data(), source.size());
  return fmt::format("{:016x}{:016x}", hash.high64, hash.low64);
}

// Whether the file is of a version that can be read: what another one means by its keys is not known.
bool check_version(MapReader& root, Loading& loading) {
  const YamlNode* version = root.find("tallyho");
  if (version == nullptr) {
    loading.report.error(0, 1, "the format version is missing; a ruleset begins with `tallyho: 1`");
    return true;  // Forgotten, most likely.
  }
  const std::optional<YamlScalar> value = resolve(*version);
  const std::int64_t* number = version->is_scalar() && value ? std::get_if<std::int64_t>(&*value) : nullptr;
  if (number != nullptr && *number == 1) return true;
  loading.error(*version, version->is_scalar()
                              ? fmt::format("format version '{}' is not known; this program reads 1", version->text)
                              : "'tallyho' is the format version, which must be 1");
  return number == nullptr;
}

void load(const YamlNode& node, Loading& loading) {
  if (!node.is_map()) {
    loading.error(node, fmt::format("a ruleset is a map that begins with `tallyho: 1`, not {}", node.kind_name()));
    return;
  }
  MapReader root(node, "the ruleset", loading.report);
  if (!check_version(root, loading)) return;
  load_settings(root, loading);
  load_constants(root, loading);
  if (!load_events(root, loading)) return;
  load_player_events(root, loading);
  load_state(root, loading);
  load_rules(root, loading);
  load_boards(root, loading);
  root.finish();
  if (loading.report.is_empty()) load_costs(loading);
}

// Compiles the programs of all rules and boards to one code.
void compile_together(Ruleset& ruleset, cel::Evaluation evaluation) {
  cel::CodeBuilder builder(is_fixed_in_event);
  const auto add = [&builder](std::optional<cel::Program>& program) {
    if (program) builder.add(*program);
  };
  for (Rule& rule : ruleset.rules) {
    for (auto* program : {&rule.when, &rule.reject, &rule.points, &rule.notify}) add(*program);
    for (auto* assignments : {&rule.set, &rule.add}) {
      for (Assignment& assignment : *assignments) builder.add(assignment.value);
    }
  }
  for (BoardDefinition& board : ruleset.boards) {
    for (auto* program : {&board.when, &board.member, &board.value, &board.group_by}) add(*program);
  }
  ruleset.code = builder.build(evaluation);
}

Diagnostic file_problem(const std::string& path, std::string message) {
  Diagnostic diagnostic;
  diagnostic.file = path;
  diagnostic.message = std::move(message);
  return diagnostic;
}

}  // namespace

std::expected<std::shared_ptr<const Ruleset>, std::vector<Diagnostic>> load_ruleset(std::string_view source,
                                                                                    std::string_view file,
                                                                                    cel::Evaluation evaluation) {
  const SourceText text(source);
  Report report(file, text);
  Loading loading(report);
  const std::optional<YamlNode> node = parse_yaml(report);
  if (node) load(*node, loading);
  if (!report.is_empty()) return std::unexpected(report.take());
  Ruleset& ruleset = *loading.ruleset;
  ruleset.source = source;
  ruleset.hash = hash_of(source);
  ruleset.storage = loading.storage;
  compile_together(ruleset, evaluation);
  return loading.ruleset;
}

std::expected<std::shared_ptr<const Ruleset>, std::vector<Diagnostic>> load_ruleset_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file)
    return std::unexpected(std::vector{file_problem(path, fmt::format("cannot open: {}", std::strerror(errno)))});
  // One byte more than allowed is enough to know that it is too many.
  std::string source(ruleset_bytes_max + 1, '\0');
  file.read(source.data(), static_cast<std::streamsize>(source.size()));
  if (file.bad()) return std::unexpected(std::vector{file_problem(path, "cannot read")});
  source.resize(static_cast<std::size_t>(file.gcount()));
  return load_ruleset(source, path);
}

}  // namespace tallyho
