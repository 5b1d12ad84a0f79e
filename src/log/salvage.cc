#include "log/salvage.h"

#include <algorithm>
#include <ranges>
#include <span>
#include <utility>

#include "fmt/format.h"
#include "log/erasure.h"
#include "log/survey.h"
#include "log/whole_file.h"

namespace tallyho {
namespace {

constexpr std::string_view unfinished_name = "salvaged.segment";

// A name behind which the file is kept that no file has yet.
std::string aside(const std::vector<std::string>& names, const std::string& name) {
  std::string free = name + ".damaged";
  for (int number = 2; std::ranges::count(names, free) > 0; ++number) free = fmt::format("{}.damaged-{}", name, number);
  return free;
}

IoStatus write_file(LogDirectory& directory, std::string_view name, std::span<const std::byte> bytes) {
  const auto file = directory.create(name);
  if (!file) return std::unexpected(file.error());
  if (const IoStatus written = (*file)->write(0, bytes); !written) return written;
  if (const IoStatus synced = (*file)->sync(); !synced) return synced;
  return directory.sync_names();
}

// Puts what is whole of a segment in its place, zeros behind it. The segment is copied aside before, and replaced at
// once: without it the log would look as if it had ended earlier. False: all of it is whole.
IoResult<bool> cut(LogDirectory& directory, const SegmentInfo& segment, const std::string& kept_as) {
  const auto before = read_file(directory, segment.name);
  if (!before) return std::unexpected(before.error());
  std::vector<std::byte> bytes(before->begin(), before->begin() + static_cast<std::ptrdiff_t>(segment.end));
  bytes.resize(segment.header.segment_bytes);
  if (bytes == *before) return false;
  IoStatus status = write_file(directory, kept_as, *before);
  if (status) status = replace_file(directory, segment.name, unfinished_name, bytes);
  if (!status) return std::unexpected(status.error());
  return true;
}

// Takes every segment behind `last_kept` out of the log, from the last one back: while the first of them is there, the
// log is refused.
IoStatus put_aside(LogDirectory& directory, const std::vector<std::string>& names, const std::string& last_kept,
                   std::vector<std::string>& kept_aside) {
  for (const std::string& name : names | std::views::reverse) {
    if (!first_position_of(name) || name <= last_kept) continue;
    kept_aside.push_back(aside(names, name));
    if (const IoStatus renamed = directory.rename(name, kept_aside.back()); !renamed) return renamed;
    if (const IoStatus synced = directory.sync_names(); !synced) return synced;
  }
  return {};
}

// One step towards a log without faults: what is whole of the segment at fault stays; or, if all of it is, those behind
// it go.
IoStatus mend(LogDirectory& directory, const LogSurvey& survey, Salvage& salvage) {
  const auto names = directory.list();
  if (!names) return std::unexpected(names.error());
  if (survey.segments.empty()) return put_aside(directory, *names, "", salvage.kept_aside);
  const SegmentInfo& last = survey.segments.back();
  const std::string kept_as = aside(*names, last.name);
  const auto was_cut = cut(directory, last, kept_as);
  if (!was_cut) return std::unexpected(was_cut.error());
  if (!*was_cut) return put_aside(directory, *names, last.name, salvage.kept_aside);
  salvage.kept_aside.push_back(kept_as);
  return {};
}

}  // namespace

std::expected<std::optional<Salvage>, RecoveryError> salvage_log(LogDirectory& directory) {
  std::optional<Salvage> salvage;
  while (true) {
    const auto survey = survey_log(directory);
    if (!survey) return std::unexpected(survey.error());
    if (salvage) salvage->kept_through = survey->last;
    if (survey->faults.empty()) return salvage;
    const LogDamage& fault = survey->faults.front();
    if (fault.is_other_format) return std::unexpected(fault);
    // Before anything goes: whatever is left then, nobody takes what comes at those positions for looked through.
    const IoStatus gone_back = Erased::go_back_to(directory, survey->identity, fault.position - 1);
    if (!gone_back) return std::unexpected(gone_back.error());
    if (!salvage) salvage = Salvage{.kept_through = 0, .lost_through = 0, .kept_aside = {}, .fault = fault};
    salvage->lost_through = std::max(salvage->lost_through, survey->spoken_of);
    if (const IoStatus done = mend(directory, *survey, *salvage); !done) return std::unexpected(done.error());
  }
}

}  // namespace tallyho
