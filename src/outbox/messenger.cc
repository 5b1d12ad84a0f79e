#include "outbox/messenger.h"

#include <fstream>
#include <iterator>
#include <random>
#include <utility>

#include "outbox/cursor.h"

namespace tallyho {
namespace {

std::expected<Signer, std::string> read_signer(const std::string& path) {
  if (path.empty()) return std::unexpected(std::string("an outbox needs a key to sign with: --outbox-key FILE"));
  std::ifstream file(path, std::ios::binary);
  const std::string text((std::istreambuf_iterator<char>(file)), {});
  if (!file) return std::unexpected(path + ": it cannot be read");
  auto signer = Signer::create(text);
  if (!signer) return std::unexpected(path + ": " + signer.error());
  return signer;
}

}  // namespace

Messenger::Messenger(OutboxOptions options, Signer signer, std::unique_ptr<LogDirectory> directory, Warn warn)
    : options_(std::move(options)),
      signer_(std::move(signer)),
      warn_(std::move(warn)),
      directory_(std::move(directory)),
      ranks_(options_.ranks) {}

std::expected<void, std::string> Messenger::check(const OutboxOptions& options) {
  const auto problem = problem_of_receiver(options.url, options.authorities, "--outbox-ca");
  if (problem) return std::unexpected(*problem);
  if (const auto signer = read_signer(options.key_file); !signer) return std::unexpected(signer.error());
  return {};
}

std::expected<std::unique_ptr<Messenger>, std::string> Messenger::open(const OutboxOptions& options,
                                                                       std::unique_ptr<LogDirectory> directory,
                                                                       const Log& log, Warn warn) {
  if (const auto good = check(options); !good) return std::unexpected(good.error());
  auto signer = read_signer(options.key_file);
  if (!signer) return std::unexpected(signer.error());
  std::unique_ptr<Messenger> messenger(
      new Messenger(options, std::move(*signer), std::move(directory), std::move(warn)));
  LogDirectory& files = *messenger->directory_;
  const auto cursor = read_cursor(files, log.identity());
  if (!cursor) return std::unexpected(cursor.error().text());
  auto spool = Spool::open(files, log.identity(), log.last(), options.spool, messenger->warn_);
  if (!spool) return std::unexpected(spool.error().text());
  messenger->spool_ = std::move(*spool);
  messenger->mark_ = messenger->spool_->resume(cursor->value_or(SpoolMark{.offset = 0, .position = log.last()}));
  // Before anything is added: what the cursor says is where a record begins, also after a crash.
  const IoStatus written = write_cursor(files, log.identity(), messenger->mark_);
  if (!written) return std::unexpected(written.error().text());
  return messenger;
}

void Messenger::start(const Log& log) {
  Courier::Options courier = options_.courier;
  courier.post.url = options_.url;
  courier.post.authorities = options_.authorities;
  courier.seed = std::random_device()();
  courier_ = std::make_unique<Courier>(courier, signer_, *spool_, log, *directory_, mark_, figures_, warn_);
}

void Messenger::begin(const Engine& engine) {
  engine_ = &engine;
  for (const std::string& board : ranks_.begin(engine)) {
    warn_("the outbox is to tell of ranks on '" + board + "', and there is no such board");
  }
}

void Messenger::enter(const Replayed& replayed) {
  if (replayed.record.kind == RecordKind::ruleset) return begin(*engine_);  // Boards are others.
  text_.clear();
  news_.clear();
  ranks_.collect(news_);
  MessageWriter writer(text_);
  if (replayed.outcome.code == Code::ok) writer.notices(*engine_, replayed);
  writer.ranks(*engine_, replayed.record, news_);
  if (!text_.empty()) spool_->add(replayed.record.position, text_);
}

}  // namespace tallyho
