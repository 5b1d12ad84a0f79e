#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "server/engine_thread.h"
#include "server/io_thread.h"

namespace tallyho {

// An I/O thread and the engine thread as one, which is the caller's, and clients on pairs of sockets: nothing happens
// but when it is asked for, so that what comes of some bytes is the same each time. For fuzz targets.
//
//     IoWorld world(ruleset, {});
//     IoWorld::Client client(world);
//     client.send("GET /healthz HTTP/1.1\r\n…", 7);  // Seven bytes at a time.
//     client.received();                             // What has been answered.
//
// Time passes for nobody: timeouts are not looked at.
class IoWorld {
 public:
  struct Options {
    bool deflate = false;
    std::shared_ptr<const TokenVerifier> tokens = nullptr;  // Null: it is as with --dev, nobody shows a token.
    Limits limits = {};
    Engine::Options engine = {};
  };
  IoWorld(std::shared_ptr<const Ruleset> ruleset, Options options);
  ~IoWorld();
  IoWorld(const IoWorld&) = delete;
  IoWorld& operator=(const IoWorld&) = delete;

  // Events that were answered with this code, so far.
  std::uint64_t events(Code code) { return io_->figures().events[static_cast<std::size_t>(code)].value(); }
  std::uint64_t connections_open();

  // One who connects, to the listener for clients or to the one for admins. Ends the program where the server does not
  // come to rest within a number of steps that the bytes sent account for.
  class Client {
   public:
    explicit Client(IoWorld& world, bool is_admin = false);
    ~Client();
    Client(const Client&) = delete;
    Client& operator=(const Client&) = delete;

    // Sends so many bytes at a time (0: all), each time until nothing more comes of them; what is sent to a server that
    // has hung up is lost.
    void send(std::string_view bytes, std::size_t at_a_time);
    // Sends nothing more.
    void end();
    const std::string& received() const { return received_; }
    // The server has hung up.
    bool has_ended() const { return has_ended_; }

   private:
    void exchange();
    void receive();

    IoWorld& world_;
    int socket_ = -1;
    std::string received_;
    bool has_ended_ = false;
    std::size_t steps_left_ = 0;
  };

 private:
  bool step();

  CurrentRuleset ruleset_;
  Readiness readiness_;
  Tickets tickets_;
  Admission admission_;
  Shared shared_;
  Doorbell bell_;
  Engine engine_;
  std::unique_ptr<IoThread> io_;
  std::unique_ptr<EngineThread> engine_thread_;
};

}  // namespace tallyho
