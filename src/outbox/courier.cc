#include "outbox/courier.h"

#include <algorithm>
#include <ctime>
#include <utility>

#include "base/thread_name.h"
#include "base/time.h"
#include "fmt/format.h"
#include "outbox/cursor.h"

namespace tallyho {
namespace {

using Clock = std::chrono::steady_clock;
using std::chrono::milliseconds;

constexpr milliseconds remember_interval{200};
constexpr milliseconds durable_interval{20};  // How often it is looked whether the log has become durable.
constexpr milliseconds idle_interval{1000};

}  // namespace

Courier::Courier(const Options& options, Signer signer, Spool& spool, const Log& log, LogDirectory& directory,
                 SpoolMark mark, OutboxFigures& figures, Warn warn)
    : options_(options),
      signer_(std::move(signer)),
      spool_(spool),
      log_(log),
      directory_(directory),
      figures_(figures),
      warn_(std::move(warn)),
      poster_(options.post),
      backoff_(options.backoff, options.seed),
      mark_(mark),
      remembered_(mark) {
  figures_.delivered_position = mark.position;
  spool_.when_written([this] {
    {
      const std::lock_guard lock(mutex_);
      is_written_ = true;
    }
    changed_.notify_all();
  });
  thread_ = std::thread([this] { run(); });
}

Courier::~Courier() {
  spool_.when_written({});
  {
    const std::lock_guard lock(mutex_);
    is_stopping_ = true;
  }
  changed_.notify_all();
  thread_.join();
}

void Courier::run() {
  name_thread("outbox-courier");
  while (!is_stopping_) {
    const bool has_sent = send_next();
    figures_.waiting_bytes = spool_.bytes();
    figures_.is_complete = spool_.is_complete();
    remember(!has_sent);
    if (!has_sent) wait(spool_.bytes() > 0 ? durable_interval : idle_interval, true);
  }
  remember(true);
}

// False: there is nothing, or it could not be read.
bool Courier::send_next() {
  text_.clear();
  const auto end = spool_.take(mark_, log_.durable(), options_.batch_bytes, text_);
  if (!end) {
    warn_("the outbox cannot be read: " + end.error().text());
    wait(options_.backoff.most, false);
    return false;
  }
  if (!*end) return false;
  if (!text_.empty()) {
    const auto messages = static_cast<std::uint64_t>(std::ranges::count(text_, '\n'));
    text_.pop_back();
    std::ranges::replace(text_, '\n', ',');  // JSON has none inside.
    body_ = fmt::format(R"({{"log":"{}","messages":[{}]}})", log_.identity(), text_);
    // What lies between two positions is always the same, so this names it.
    const std::string id = fmt::format("{}-{}-{}", log_.identity(), mark_.position + 1, (*end)->position);
    if (!deliver(body_, id)) return true;  // It is stopping.
    figures_.delivered += messages;
  }
  mark_ = **end;
  figures_.delivered_position = mark_.position;
  spool_.taken(mark_);
  return true;
}

// Returns once it was taken; false: it is to stop before that.
bool Courier::deliver(const std::string& body, const std::string& id) {
  while (!is_stopping_) {
    const std::int64_t now = Timestamp::system_now().seconds;
    const PostAnswer answer =
        poster_.post(body,
                     {"Content-Type: application/json", "webhook-id: " + id, fmt::format("webhook-timestamp: {}", now),
                      "webhook-signature: " + signer_.sign(id, now, body)},
                     is_stopping_);
    if (answer.is_taken()) {
      if (backoff_.failures() > 0) warn_("the outbox's receiver takes messages again");
      backoff_.reset();
      said_ = PostFailure::none;
      ++figures_.posts;
      return true;
    }
    if (is_stopping_) return false;
    failed(answer);
    figures_.waiting_bytes = spool_.bytes();
    figures_.is_complete = spool_.is_complete();
    remember(true);
    wait(backoff_.next(answer.retry_after), false);
  }
  return false;
}

// Said once as long as the same is wrong: it is tried often.
void Courier::failed(const PostAnswer& answer) {
  ++figures_.failures[static_cast<std::size_t>(answer.failure)];
  if (said_ == answer.failure && said_status_ == answer.status) return;
  said_ = answer.failure;
  said_status_ = answer.status;
  const bool is_certificate = answer.failure == PostFailure::certificate;
  warn_(fmt::format("the outbox's receiver {}: {}; it is tried again",
                    is_certificate ? "is told nothing, as its certificate is not good" : "takes nothing",
                    answer.text()));
}

void Courier::remember(bool is_quiet) {
  if (mark_.offset == remembered_.offset && mark_.position == remembered_.position) return;
  const auto now = Clock::now();
  if (!is_quiet && now - remembered_at_ < remember_interval) return;
  remembered_at_ = now;
  if (const IoStatus written = write_cursor(directory_, log_.identity(), mark_); !written) {
    warn_("the outbox cannot remember how far it is, so what was said may be said again: " + written.error().text());
    return;
  }
  remembered_ = mark_;
}

void Courier::wait(milliseconds time, bool until_written) {
  std::unique_lock lock(mutex_);
  changed_.wait_for(lock, time, [&] { return is_stopping_.load() || (until_written && is_written_); });
  is_written_ = false;
}

}  // namespace tallyho
