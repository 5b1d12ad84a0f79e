#include "server/upkeep.h"

#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <chrono>
#include <condition_variable>
#include <csignal>
#include <cstring>
#include <filesystem>
#include <mutex>
#include <utility>

#include "base/thread_name.h"
#include "fmt/format.h"
#include "log/scrub.h"
#include "log/snapshot_files.h"

namespace tallyho {
namespace {

constexpr std::chrono::milliseconds look_interval{100};

// Starts a program with nothing of this process's but standard error: no signals blocked, SIGPIPE as it was. 0: errno
// says why not.
int start(const std::vector<std::string>& command) {
  std::vector<char*> arguments;
  for (const std::string& argument : command) arguments.push_back(const_cast<char*>(argument.c_str()));
  arguments.push_back(nullptr);
  posix_spawnattr_t attributes;
  posix_spawnattr_init(&attributes);
  sigset_t none;
  sigemptyset(&none);
  posix_spawnattr_setsigmask(&attributes, &none);
  sigset_t defaults;
  sigemptyset(&defaults);
  sigaddset(&defaults, SIGPIPE);
  posix_spawnattr_setsigdefault(&attributes, &defaults);
  posix_spawnattr_setflags(&attributes, POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
  posix_spawn_file_actions_t actions;
  posix_spawn_file_actions_init(&actions);
  posix_spawn_file_actions_addopen(&actions, STDOUT_FILENO, "/dev/null", O_WRONLY, 0);
  pid_t process = 0;
  errno = ::posix_spawn(&process, command.front().c_str(), &actions, &attributes, arguments.data(), environ);
  if (errno != 0) process = 0;
  posix_spawn_file_actions_destroy(&actions);
  posix_spawnattr_destroy(&attributes);
  return process;
}

std::string describe_status(int status) {
  if (WIFSIGNALED(status)) return fmt::format("it was ended by signal {}", WTERMSIG(status));
  return fmt::format("it ended with status {}", WEXITSTATUS(status));
}

std::chrono::nanoseconds age_of(const std::string& path) {
  std::error_code error;
  const auto written = std::filesystem::last_write_time(path, error);
  if (error) return {};
  return std::max(std::chrono::nanoseconds(0), std::filesystem::file_time_type::clock::now() - written);
}

}  // namespace

// Reads no more than it may in each look at the clock.
class Upkeep::Scrubbing {
 public:
  Scrubbing(std::unique_ptr<LogDirectory> directory, std::uint64_t bytes_per_second)
      : directory_(std::move(directory)), scrubber_(*directory_), bytes_per_second_(bytes_per_second) {}

  // Goes on if it is time to. Returns what it found, or "".
  std::string look(UpkeepFigures& figures) {
    const auto now = std::chrono::steady_clock::now();
    if (now < next_) return "";
    const auto step = scrubber_.step();
    const std::size_t bytes = step ? *step : Scrubber::step_bytes;
    const auto seconds = static_cast<double>(bytes) / static_cast<double>(bytes_per_second_);
    next_ = now + std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::duration<double>(seconds));
    if (bytes == 0) next_ = now + std::chrono::seconds(1);  // There is no old segment yet.
    if (step) {
      figures.scrubbed_bytes += *step;
      return "";
    }
    ++figures.scrub_faults;
    return text_of(step.error());
  }

 private:
  std::unique_ptr<LogDirectory> directory_;
  Scrubber scrubber_;
  const std::uint64_t bytes_per_second_;
  std::chrono::steady_clock::time_point next_;
};

Upkeep::Upkeep(UpkeepOptions options, const Log& log)
    : options_(std::move(options)), log_(log), tried_(options_.snapshot_position) {
  if (tried_ > 0) tried_at_ -= age_of(options_.data + "/" + snapshot_name(tried_));
  figures_.snapshot_position = options_.snapshot_position;
  if (options_.data.empty()) return;
  if (options_.scrub_bytes_per_second > 0) {
    auto directory = open_log_directory_for_reading(options_.data);
    if (!directory) warn("old segments cannot be looked after: " + directory.error().text());
    if (directory) {
      scrubbing_ = std::make_unique<Scrubbing>(std::move(*directory), options_.scrub_bytes_per_second);
    }
  }
  thread_ = std::jthread([this](const std::stop_token& stop) { run(stop); });
}

Upkeep::~Upkeep() {
  if (thread_.joinable()) {
    thread_.request_stop();
    thread_.join();
  }
  if (snapshot_maker_ == 0) return;
  ::kill(snapshot_maker_, SIGKILL);  // What it has half written has another name, and is written over.
  while (::waitpid(snapshot_maker_, nullptr, 0) < 0 && errno == EINTR) continue;
}

void Upkeep::warn(const std::string& what) const {
  if (options_.warn) options_.warn(what);
}

void Upkeep::run(const std::stop_token& stop) {
  name_thread("upkeep");
  std::mutex mutex;
  std::condition_variable_any stopped;
  std::unique_lock lock(mutex);
  while (!stop.stop_requested()) {
    look_after_snapshots();
    if (scrubbing_ != nullptr) {
      const std::string found = scrubbing_->look(figures_);
      if (!found.empty()) warn("AN OLD SEGMENT IS DAMAGED, and the next start may need it: " + found);
    }
    stopped.wait_for(lock, stop, look_interval, [] { return false; });
  }
}

void Upkeep::look_after_snapshots() {
  if (snapshot_maker_ != 0) {
    int status = 0;
    const pid_t ended = ::waitpid(snapshot_maker_, &status, WNOHANG);
    if (ended == snapshot_maker_) end_snapshot(status);
    return;
  }
  if (is_snapshot_due()) begin_snapshot();
}

bool Upkeep::is_snapshot_due() const {
  const std::uint64_t come = log_.durable() - std::min(tried_, log_.durable());
  if (options_.snapshot_command.empty() || come == 0) return false;
  if (options_.snapshot_events > 0 && come >= options_.snapshot_events) return true;
  const auto passed = std::chrono::steady_clock::now() - tried_at_;
  return options_.snapshot_interval > options_.snapshot_interval.zero() && passed >= options_.snapshot_interval;
}

void Upkeep::begin_snapshot() {
  tried_ = log_.durable();
  tried_at_ = std::chrono::steady_clock::now();
  snapshot_maker_ = start(options_.snapshot_command);
  if (snapshot_maker_ != 0) return;
  ++figures_.snapshots_failed;
  warn(fmt::format("no snapshot could be made: {}: {}", options_.snapshot_command.front(), std::strerror(errno)));
}

// After a failure it is tried again as many records later as after a success: whatever it is, it will hardly go away at
// once, and nothing is lost meanwhile but time when the server starts.
void Upkeep::end_snapshot(int status) {
  snapshot_maker_ = 0;
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) {
    ++figures_.snapshots_made;
    figures_.snapshot_position = tried_;
    return;
  }
  ++figures_.snapshots_failed;
  warn(fmt::format("no snapshot could be made: {}", describe_status(status)));
}

}  // namespace tallyho
