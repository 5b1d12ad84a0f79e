#include "feed/player_news.h"

#include "base/json.h"
#include "feed/feed.h"

namespace tallyho {

void PlayerNews::add(const PlayerScore& score) {
  // The sum is the difference of two totals; only one of more than 2^63 wraps, instead of being undefined.
  points_ = static_cast<std::int64_t>(static_cast<std::uint64_t>(points_) + static_cast<std::uint64_t>(score.points));
  total_ = score.total;
  position_ = score.position;
  event_type_ = score.event_type;
  ++merged_;
  for (const PlayerScore::Notice& notice : score.notices) {
    if (notices_.size() == notices_max) {
      notices_.pop_front();
      ++dropped_;
    }
    notices_.push_back({std::string(notice.rule), std::string(notice.text), score.position});
  }
  bodies_.clear();
}

const std::vector<std::shared_ptr<const std::string>>& PlayerNews::bodies(std::string_view player,
                                                                          std::uint64_t& encoded) {
  if (!bodies_.empty()) return bodies_;
  const auto keep = [&](std::string object) {
    bodies_.push_back(std::make_shared<const std::string>(object.erase(0, 1)));
    ++encoded;
  };
  std::string out;
  JsonWriter json(out);
  json.object().key("score").object();
  json.key("player").text(player).key("points").number(points_).key("total").number(total_);
  json.key("position").number(static_cast<std::int64_t>(position_)).key("type").text(event_type_);
  if (merged_ > 1) json.key("merged").number(static_cast<std::int64_t>(merged_));
  json.end().end();
  keep(std::move(out));
  for (std::size_t i = 0; i < notices_.size(); ++i) {
    const Notice& notice = notices_[i];
    std::string text;
    JsonWriter notice_json(text);
    notice_json.object().key("notice").object();
    notice_json.key("player").text(player).key("rule").text(notice.rule).key("text").text(notice.text);
    notice_json.key("position").number(static_cast<std::int64_t>(notice.position));
    if (i == 0 && dropped_ > 0) notice_json.key("dropped").number(static_cast<std::int64_t>(dropped_));
    notice_json.end().end();
    keep(std::move(text));
  }
  return bodies_;
}

}  // namespace tallyho
