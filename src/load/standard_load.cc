#include "load/standard_load.h"

#include <algorithm>
#include <array>

#include "load/load_fields.h"
#include "load/load_line.h"
#include "load/random.h"
#include "load/wanderers.h"
#include "load/zipf.h"

namespace tallyho {
namespace {

constexpr std::int64_t hour_millis = 3'600'000;
constexpr std::size_t repeatable_lines = 1'000;

// What of 2^64 draws a percentage is; nothing for all of them.
std::optional<std::uint64_t> share_of_draws(double percent) {
  if (percent >= 100) return std::nullopt;
  if (!(percent > 0)) return 0;
  return static_cast<std::uint64_t>(percent / 100 * 18446744073709551616.0);
}

// "e" and the event's number in base 36.
void append_id(std::string& out, std::uint64_t number) {
  constexpr std::string_view digits = "0123456789abcdefghijklmnopqrstuvwxyz";
  std::array<char, 16> text;
  std::size_t begin = text.size();
  do {
    text[--begin] = digits[number % 36];
    number /= 36;
  } while (number > 0);
  out += 'e';
  out.append(text.data() + begin, text.size() - begin);
}

}  // namespace

struct StandardLoad::Impl {
  // A line that may come once more.
  struct Sent {
    std::string text;
    std::string player;
    Flaw flaw = Flaw::none;
  };

  explicit Impl(const Options& load_options)
      : options(load_options),
        random(options.seed),
        players(options.players, options.skew),
        wanderers(options.players, mixed(options.seed)),
        fields(players, wanderers),
        spoiled_draws(share_of_draws(options.invalid_percent)) {}

  void make(Sent& sent, std::int64_t millis);

  Options options;
  std::uint64_t count = 0;  // Lines made.
  Random random;
  Zipf players;
  Wanderers wanderers;
  LoadFields fields;
  std::optional<std::uint64_t> spoiled_draws;
  std::array<Sent, repeatable_lines> sent;  // Line n is at n modulo its size.
  std::string id;                           // Scratch.
};

StandardLoad::StandardLoad(const Options& options) : impl_(std::make_unique<Impl>(options)) {}
StandardLoad::~StandardLoad() = default;
StandardLoad::StandardLoad(StandardLoad&&) noexcept = default;
StandardLoad& StandardLoad::operator=(StandardLoad&&) noexcept = default;

std::optional<StandardLoad::Line> StandardLoad::next() {
  Impl& load = *impl_;
  if (load.count == load.options.events) return std::nullopt;
  const std::uint64_t index = load.count++;
  const auto millis = static_cast<std::int64_t>(static_cast<unsigned __int128>(index) * 1'000 / load.options.rate);
  Impl::Sent& sent = load.sent[index % repeatable_lines];
  const bool is_repeat = index > 0 && load.random.one_in(200);
  if (is_repeat) {
    const std::uint64_t back = 1 + load.random.below(std::min<std::uint64_t>(index, repeatable_lines));
    if (back < repeatable_lines) sent = load.sent[(index - back) % repeatable_lines];
  } else {
    load.make(sent, millis);
  }
  return Line{.text = sent.text,
              .player = sent.player,
              .number = index + 1,
              .due = Timestamp::from_millis(begins().to_millis() + millis),
              .flaw = sent.flaw,
              .is_repeat = is_repeat};
}

void StandardLoad::Impl::make(Sent& made, std::int64_t millis) {
  const std::uint32_t player = players.draw(random);
  const std::size_t type = LoadFields::draw_type(random);
  made.player.clear();
  LoadFields::append_player(made.player, player);
  id.clear();
  append_id(id, count);

  LoadLine line(made.text);
  line.begin();
  line.text("type", LoadFields::type_name(type));
  line.text("player", made.player);
  line.text("id", id);
  const bool is_late = random.one_in(100);
  const std::int64_t lateness = is_late ? random.between(1, hour_millis) : 0;
  if (options.has_ts) line.integer("ts", begins().to_millis() + millis - lateness);
  const std::size_t first_field = line.count();
  fields.write(type, {.number = count, .player = player, .millis = millis}, line, random);
  line.end();

  made.flaw = Flaw::none;
  if (!spoiled_draws || random.next() < *spoiled_draws) {
    made.flaw = static_cast<Flaw>(1 + random.below(flaw_count));
    spoil(line, first_field, made.flaw, random);
  }
}

}  // namespace tallyho
