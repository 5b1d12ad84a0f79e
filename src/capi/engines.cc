// Engines of tallyho.h: opening, closing, and the one that the process shares.

#include <atomic>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <mutex>
#include <utility>

#include "capi/built_in_ruleset.h"
#include "capi/call.h"
#include "capi/engine_handle.h"
#include "ruleset/loader.h"

namespace tallyho::capi {
namespace {

// The one thing of the project that is not built by main() and handed down: a host that calls score_event() has
// nothing to hand it. Never destroyed, as threads may still score while the process ends.
struct ProcessEngine {
  std::atomic<tallyho_engine*> engine{nullptr};  // Set once, after `loading` has made it; read without a lock.
  std::mutex loading;                            // Guards the rest.
  bool has_tried = false;
  char why[4096] = "";  // The last try failed.
};

ProcessEngine& process() {
  static constinit ProcessEngine shared;
  return shared;
}

Answered<std::shared_ptr<const Ruleset>> load_for_process(const char* path) {
  if (path == nullptr) path = std::getenv("TALLYHO_RULESET");
  if (path == nullptr || *path == '\0') return load_built_in();
  return load_from_file(path);
}

// With `loading` held.
Answered<tallyho_engine*> make_process_engine(ProcessEngine& shared, const char* path) {
  shared.has_tried = true;
  copy_cut("out of memory", shared.why, sizeof(shared.why));
  const auto ruleset = load_for_process(path);
  if (!ruleset) {
    copy_cut(ruleset.error().message, shared.why, sizeof(shared.why));
    return std::unexpected(ruleset.error());
  }
  shared.engine.store(new tallyho_engine{Scorer(*ruleset, {}), nullptr}, std::memory_order_release);
  return shared.engine.load(std::memory_order_relaxed);
}

Answered<tallyho_engine*> process_engine() {
  ProcessEngine& shared = process();
  if (tallyho_engine* engine = shared.engine.load(std::memory_order_acquire)) return engine;
  const std::lock_guard lock(shared.loading);
  if (tallyho_engine* engine = shared.engine.load(std::memory_order_relaxed)) return engine;
  if (!shared.has_tried) {
    if (const auto made = make_process_engine(shared, nullptr)) return *made;
  }
  return refuse(Code::unavailable, std::string("the process-wide engine has no ruleset: ") + shared.why);
}

Answered<std::shared_ptr<const Ruleset>> load_chosen(const tallyho_options& options) {
  if (options.ruleset_path != nullptr && options.ruleset_source != nullptr) {
    return refuse(Code::invalid_argument, "ruleset_path and ruleset_source exclude each other");
  }
  if (options.ruleset_path != nullptr) return load_from_file(options.ruleset_path);
  if (options.ruleset_source != nullptr) return load_from_text(options.ruleset_source, "ruleset");
  return load_built_in();
}

Engine::Options limits_of(const tallyho_options& options) {
  Engine::Options limits;
  if (options.players_max != 0) limits.players_max = options.players_max;
  if (options.keys_max != 0) limits.keys_max = options.keys_max;
  if (options.groups_max != 0) limits.groups_max = options.groups_max;
  if (options.string_bytes_max != 0) limits.string_bytes_max = options.string_bytes_max;
  return limits;
}

}  // namespace

void end_engine(tallyho_engine* engine) {
  static constinit std::atomic<tallyho_engine*> aside{nullptr};  // Meets nothing but itself.
  if (engine == nullptr) return;
  if (!engine->scorer.is_broken()) {
    delete engine;
    return;
  }
  engine->next_broken = aside.load(std::memory_order_relaxed);
  while (!aside.compare_exchange_weak(engine->next_broken, engine, std::memory_order_relaxed)) {
  }
}

Answered<std::shared_ptr<const Ruleset>> load_from_file(const std::string& path) {
  std::ifstream file(path, std::ios::binary);
  if (!file) return refuse(Code::not_found, "there is no file '" + path + "' that can be read");
  const std::string source(std::istreambuf_iterator<char>(file), {});
  return load_from_text(source, path);
}

Answered<std::shared_ptr<const Ruleset>> load_from_text(std::string_view source, const std::string& name) {
  auto ruleset = load_ruleset(source, name);
  if (ruleset) return *std::move(ruleset);
  std::string problems;
  for (const Diagnostic& diagnostic : ruleset.error()) problems += to_text(diagnostic, source) + '\n';
  return refuse(Code::invalid_argument, std::move(problems));
}

Answered<std::shared_ptr<const Ruleset>> load_built_in() {
  return load_from_text(built_in_ruleset, "treasure-hunt.yaml");
}

Answered<Scorer*> scorer_of(tallyho_engine* engine) {
  if (engine != nullptr) [[likely]]
    return &engine->scorer;
  const auto shared = process_engine();
  if (!shared) return std::unexpected(shared.error());
  return &(*shared)->scorer;
}

}  // namespace tallyho::capi

namespace capi = tallyho::capi;
using tallyho::Answered;
using tallyho::Code;

const char* tallyho_version(void) {
  return TALLYHO_VERSION;
}

const char* tallyho_code_name(int code) {
  if (code < 0 || code >= tallyho::code_count) return "unknown";
  return tallyho::name_of(static_cast<Code>(code)).data();  // A literal.
}

const char* tallyho_describe(int code) {
  if (code < 0 || code >= tallyho::code_count) return "no code of this version";
  return tallyho::describe(static_cast<Code>(code)).data();  // A literal.
}

const char* tallyho_last_error(void) {
  return capi::last_error_of_this_thread();
}

int tallyho_init(const char* path) {
  return capi::guarded([&](capi::Workspace&) -> Answered<void> {
    capi::ProcessEngine& shared = capi::process();
    const std::lock_guard lock(shared.loading);
    if (shared.engine.load(std::memory_order_relaxed) != nullptr) {
      return tallyho::refuse(Code::invalid_argument, "the process-wide engine is there already");
    }
    if (const auto made = capi::make_process_engine(shared, path); !made) return std::unexpected(made.error());
    return {};
  });
}

int tallyho_engine_open(const tallyho_options* options, tallyho_engine** engine) {
  if (engine != nullptr) *engine = nullptr;
  return capi::guarded([&](capi::Workspace&) -> Answered<void> {
    if (engine == nullptr) return tallyho::refuse(Code::invalid_argument, "there is nowhere to put the engine");
    const auto chosen = options == nullptr ? std::optional(tallyho_options{}) : capi::read_sized(options);
    if (!chosen) {
      return tallyho::refuse(Code::invalid_argument, "the options have a wrong size, or set what is not known here");
    }
    const auto ruleset = capi::load_chosen(*chosen);
    if (!ruleset) return std::unexpected(ruleset.error());
    *engine = new tallyho_engine{capi::Scorer(*ruleset, capi::limits_of(*chosen)), nullptr};
    return {};
  });
}

void tallyho_engine_close(tallyho_engine* engine) {
  capi::end_engine(engine);
}

int tallyho_state_hash(tallyho_engine* engine, char hash[33]) {
  return capi::guarded([&](capi::Workspace&) -> Answered<void> {
    const auto scorer = capi::scorer_of(engine);
    if (!scorer) return std::unexpected(scorer.error());
    if (hash == nullptr) return tallyho::refuse(Code::invalid_argument, "there is nowhere to put the hash");
    return (*scorer)->read([&](const tallyho::Engine& read) -> Answered<void> {
      capi::copy_cut(read.state_hash(), hash, 33);
      return {};
    });
  });
}
