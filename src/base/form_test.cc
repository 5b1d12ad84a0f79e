#include "base/form.h"

#include <algorithm>
#include <limits>

#include "gtest/gtest.h"

namespace tallyho {
namespace {

using Bytes = std::vector<std::byte>;

template <typename Write>
Bytes written(Write write) {
  Bytes bytes;
  FormWriter out([&bytes](std::span<const std::byte> more) { bytes.insert(bytes.end(), more.begin(), more.end()); });
  write(out);
  out.flush();
  return bytes;
}

// Hands the bytes out `step` at a time.
FormReader reader(const Bytes& bytes, std::size_t step) {
  return FormReader([rest = std::span(bytes), step]() mutable {
    const auto next = rest.first(std::min(step, rest.size()));
    rest = rest.subspan(next.size());
    return next;
  });
}

TEST(Form, ReadsWhatWasWrittenHoweverTheBytesAreCut) {
  const std::vector<std::uint64_t> numbers{0, 1, 127, 128, 300, std::numeric_limits<std::uint64_t>::max()};
  const std::vector<std::int64_t> signed_numbers{
      0, -1, 1, -64, 64, std::numeric_limits<std::int64_t>::min(), std::numeric_limits<std::int64_t>::max()};
  const Bytes bytes = written([&](FormWriter& out) {
    for (const std::uint64_t number : numbers) out.number(number);
    for (const std::int64_t number : signed_numbers) out.signed_number(number);
    out.text("");
    out.text("ada and bob");
    out.time(Timestamp::min());
    out.time({-1, 999'999'999});
    out.flag(true);
  });
  for (std::size_t step = 1; step <= bytes.size(); ++step) {
    FormReader in = reader(bytes, step);
    for (const std::uint64_t number : numbers) EXPECT_EQ(in.number(), number);
    for (const std::int64_t number : signed_numbers) EXPECT_EQ(in.signed_number(), number);
    EXPECT_EQ(in.text(0), "");
    EXPECT_EQ(in.text(11), "ada and bob");
    EXPECT_EQ(in.time({}), Timestamp::min());
    EXPECT_EQ(in.time({}), (Timestamp{-1, 999'999'999}));
    EXPECT_TRUE(in.flag());
    EXPECT_TRUE(in.is_at_end()) << "step " << step;
    EXPECT_FALSE(in.has_failed()) << in.problem();
  }
}

TEST(Form, ThatEndsTooEarlyFailsAndGivesNothingFromThenOn) {
  const Bytes bytes = written([](FormWriter& out) {
    out.number(70'000);
    out.text("ada");
  });
  for (std::size_t size = 0; size < bytes.size(); ++size) {
    const Bytes cut(bytes.begin(), bytes.begin() + static_cast<std::ptrdiff_t>(size));
    FormReader in = reader(cut, 2);
    in.number();
    EXPECT_EQ(in.text(3), "") << size;
    EXPECT_TRUE(in.has_failed()) << size;
    EXPECT_EQ(in.number(), 0U);
    EXPECT_FALSE(in.is_at_end());
  }
}

TEST(Form, OfValuesThatCannotBeFails) {
  const auto fails = [](auto write, auto read) {
    const Bytes bytes = written(write);
    FormReader in = reader(bytes, 100);
    read(in);
    return in.has_failed();
  };
  const auto write_200 = [](FormWriter& out) { out.number(200); };
  EXPECT_TRUE(fails(write_200, [](FormReader& in) { in.number(199); }));
  EXPECT_FALSE(fails(write_200, [](FormReader& in) { in.number(200); }));
  EXPECT_TRUE(fails(write_200, [](FormReader& in) { in.flag(); }));
  EXPECT_TRUE(fails(write_200, [](FormReader& in) { in.symbol(200); }));
  EXPECT_FALSE(fails(write_200, [](FormReader& in) { in.symbol(201); }));
  EXPECT_TRUE(fails([](FormWriter& out) { out.text("ada"); }, [](FormReader& in) { in.text(2); }));
  const auto write_late = [](FormWriter& out) { out.time({Timestamp::max().seconds + 1, 0}); };
  EXPECT_TRUE(fails(write_late, [](FormReader& in) { in.time({}); }));
  EXPECT_FALSE(fails(write_late, [](FormReader& in) { in.time({Timestamp::max().seconds + 1, 0}); }));
  const Bytes too_many_bits(10, std::byte{0xff});
  FormReader in = reader(too_many_bits, 100);
  EXPECT_EQ(in.number(), 0U);
  EXPECT_EQ(in.problem(), "a number has more than 64 bits");
}

}  // namespace
}  // namespace tallyho
