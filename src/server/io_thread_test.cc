#include "server/io_thread.h"

#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

#include "gtest/gtest.h"

namespace tallyho {
namespace {

constexpr int looks_wanted = 5;

// A connection that is always due to be looked at, and may throw then.
class Looked final : public Connection {
 public:
  Looked(IoThread& io, bool throws, int& looks) : io_(io), throws_(throws), looks_(looks) {}
  void begin(std::shared_ptr<Connection> self) { id_ = io_.add(std::move(self)); }

  void answered() override {}
  void push(const PushMessage& /*message*/) override {}
  Clock::time_point tick(Clock::time_point now) override {
    if (throws_) throw std::runtime_error("what nobody knew of");
    if (++looks_ == looks_wanted) io_.begin_stop();
    return now;
  }
  void stop() override { drop(); }
  void drop() override { io_.remove(id_); }

 private:
  IoThread& io_;
  const bool throws_;
  int& looks_;
  std::uint64_t id_ = 0;
};

TEST(IoThread, LooksAtAllConnectionsThoughSomeThrow) {
  Limits limits;
  limits.sweep_interval = std::chrono::milliseconds(1);
  Shared shared{.limits = limits,
                .identity = {.log = std::string(32, '0'), .limits_json = "{}"},
                .authority = Authority::create({.dev = true}).value(),
                .figures = {}};
  Doorbell bell;
  IoThread io(0, shared, bell);
  constexpr int count = 20;
  std::vector<int> looks(count);
  for (int i = 0; i < count; ++i) {
    const auto connection = std::make_shared<Looked>(io, i % 2 == 0, looks[static_cast<std::size_t>(i)]);
    connection->begin(connection);
  }
  io.run();  // Until one of the others has been looked at often enough.
  for (int i = 0; i < count; ++i) EXPECT_EQ(looks[static_cast<std::size_t>(i)] > 0, i % 2 == 1) << i;
  EXPECT_EQ(io.figures().connections_closed.value(), count);
}

}  // namespace
}  // namespace tallyho
