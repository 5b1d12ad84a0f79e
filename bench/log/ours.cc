// The log of the server beside its peers; see measure.h.

#include <chrono>
#include <memory>
#include <semaphore>

#include "log/segment_log.h"
#include "measure.h"

namespace {

using namespace std::chrono_literals;

class Segments final : public bench::Store {
 public:
  explicit Segments(const std::string& folder) {
    auto directory = tallyho::open_log_directory(folder);
    if (!directory) throw std::runtime_error(directory.error().text());
    const auto recovered = tallyho::recover_log(**directory, 0);
    if (!recovered) throw std::runtime_error(text_of(recovered.error()));
    auto log = tallyho::SegmentLog::open(std::move(*directory), *recovered, {});
    if (!log) throw std::runtime_error(log.error().text());
    log_ = std::move(*log);
    log_->when_durable([this] { is_durable_.release(); });
  }
  ~Segments() override { log_->when_durable({}); }

  void put(std::uint64_t, std::string_view record) override {
    while (!log_->append(record, {}, tallyho::RecordKind::event)) commit();
  }
  void commit() override {
    log_->commit();
    while (log_->durable() < log_->last()) {
      if (!is_durable_.try_acquire_for(1ms)) log_->commit();  // It was sealing itself.
    }
  }

 private:
  std::counting_semaphore<> is_durable_{0};
  std::unique_ptr<tallyho::SegmentLog> log_;
};

}  // namespace

int main(int count, char** arguments) {
  if (count != 5) return 2;
  try {
    Segments store(arguments[2]);
    bench::run(store, arguments[2], std::stoull(arguments[3]), std::stod(arguments[4]));
    return 0;
  } catch (const std::exception& error) {
    std::fprintf(stderr, "log_peer: %s\n", error.what());
    return 1;
  }
}
