#include "cli/decode_ahead.h"

#include "base/thread_name.h"

#include <chrono>
#include <utility>

namespace tallyho::cli {

constexpr std::size_t batch_lines = 8 * Engine::prepared_best;

DecodeAhead::DecodeAhead(LineReader& reader, std::shared_ptr<const Ruleset> ruleset)
    : reader_(reader), ruleset_(std::move(ruleset)), decoder_(Offline::decoder_options) {
  for (DecodedLines& batch : batches_) empty_.push(&batch);
  thread_ = std::thread([this] { run(); });
}

DecodeAhead::~DecodeAhead() {
  stops_ = true;
  emptied_.ring();
  thread_.join();
}

DecodedLines* DecodeAhead::next() {
  if (taken_ != nullptr) {
    empty_.push(taken_);
    emptied_.ring();
  }
  taken_ = take(full_, filled_);
  return taken_;
}

// Waits for a batch in a queue. Null: the other side is done.
DecodedLines* DecodeAhead::take(SpscQueue<DecodedLines*>& queue, Doorbell& bell) {
  constexpr std::chrono::seconds long_enough(1);
  DecodedLines* batch = nullptr;
  for (;;) {
    const std::uint32_t seen = bell.seen();
    if (queue.pop(batch)) return batch;
    if (stops_) return nullptr;
    bell.wait(seen, long_enough);
  }
}

void DecodeAhead::run() {
  name_thread("decoder");
  bool is_end = false;
  while (!is_end) {
    DecodedLines* const batch = take(empty_, emptied_);
    if (batch == nullptr) return;
    is_end = !fill(*batch);
    full_.push(is_end ? nullptr : batch);
    filled_.ring();
  }
}

// False at the end of the file.
bool DecodeAhead::fill(DecodedLines& batch) {
  batch.clear();
  if (!reader_.next(batch_lines, lines_)) return false;
  for (const std::string_view line : lines_) {
    ++number_;
    if (line.empty() || line == "\r") continue;
    batch.numbers.push_back(number_);
    batch.lines.push_back(batch.arena.copy(line));
  }
  batch.bytes_read = reader_.bytes_read();
  Offline::decode(decoder_, *ruleset_, batch);
  return true;
}

}  // namespace tallyho::cli
