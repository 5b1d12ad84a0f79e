// Snapshots of tallyho.h: an engine's whole state in a file, and back.

#include <cerrno>
#include <filesystem>
#include <string>
#include <utility>

#include "capi/call.h"
#include "capi/engine_handle.h"
#include "log/snapshot_files.h"

namespace tallyho::capi {
namespace {

std::unexpected<Problem> refuse_io(const IoError& error) {
  return refuse(error.number == ENOENT ? Code::not_found : Code::unavailable, error.text());
}

// A file by the folder it is in and its name there.
struct FilePlace {
  std::string folder;
  std::string name;
};

Answered<FilePlace> place_of(const char* path) {
  if (path == nullptr || *path == '\0') return refuse(Code::invalid_argument, "a snapshot needs a path");
  const std::filesystem::path whole(path);
  if (!whole.has_filename()) return refuse(Code::invalid_argument, "'" + whole.string() + "' is a folder");
  return FilePlace{whole.has_parent_path() ? whole.parent_path().string() : ".", whole.filename().string()};
}

Answered<void> save(Scorer& scorer, const char* path) {
  const auto place = place_of(path);
  if (!place) return std::unexpected(place.error());
  const auto folder = open_log_directory_beside(place->folder);
  if (!folder) return refuse_io(folder.error());
  Answered<bool> saved = true;
  const IoStatus written = write_snapshot_as(**folder, place->name, [&](const ByteSink& sink) {
    saved = scorer.save(sink);
    return saved && *saved;
  });
  if (!saved) return std::unexpected(std::move(saved.error()));
  if (!written) return refuse_io(written.error());
  return {};
}

Answered<void> load(Scorer& scorer, const char* path) {
  const auto place = place_of(path);
  if (!place) return std::unexpected(place.error());
  const auto folder = open_log_directory_for_reading(place->folder);
  if (!folder) return refuse_io(folder.error());
  auto file = (*folder)->open(place->name);
  if (!file) return refuse_io(file.error());
  return scorer.load(source_of(std::move(*file)));
}

}  // namespace
}  // namespace tallyho::capi

namespace capi = tallyho::capi;
using tallyho::Answered;

int tallyho_snapshot_save(tallyho_engine* engine, const char* path) {
  return capi::guarded([&](capi::Workspace&) -> Answered<void> {
    const auto scorer = capi::scorer_of(engine);
    if (!scorer) return std::unexpected(scorer.error());
    return capi::save(**scorer, path);
  });
}

int tallyho_snapshot_load(tallyho_engine* engine, const char* path) {
  return capi::guarded([&](capi::Workspace&) -> Answered<void> {
    const auto scorer = capi::scorer_of(engine);
    if (!scorer) return std::unexpected(scorer.error());
    return capi::load(**scorer, path);
  });
}
