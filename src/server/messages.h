#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "event/decoder.h"
#include "server/auth.h"
#include "server/batch.h"
#include "server/control.h"
#include "server/limits.h"

namespace tallyho {

// What the server knows when it starts and tells every client.
struct Identity {
  std::string log;          // The log's identity.
  std::string limits_json;  // {"event_bytes_max":16384,…}
};

// What a WebSocket connection remembers between frames.
struct Session {
  Roles roles;
  Detail detail;
  Grant grant = {};          // Where the roles come from,
  Roles granted = {};        // and what they were before the token expired.
  Bucket* bucket = nullptr;  // Of its messages; null: they are not counted.
};

// Turns a client's bytes into the items of a batch: events decoded and checked, requests ready for the engine, and
// answers where none is needed from there.
//
// Threads: one owner each, an I/O thread.
class MessageReader {
 public:
  // The ruleset may come later: use().
  // `authority` says whether a token that comes with `hello` is taken; null: hello takes none. `players` counts the
  // events of players; null: nobody does.
  MessageReader(std::shared_ptr<const Ruleset> ruleset, const Limits& limits, const Identity& identity,
                const Authority* authority = nullptr, NamedBuckets* players = nullptr);

  // Reads from now on under this ruleset.
  void use(std::shared_ptr<const Ruleset> ruleset);
  const std::shared_ptr<const Ruleset>& ruleset() const { return ruleset_; }

  // A text frame: one message, or several separated by newlines. Empty lines are no messages, but a frame without any
  // message is one that is malformed. `frame` lives in the batch. `is_events_only`: it is known that may_be_control()
  // is false of the frame, so that its messages are not looked through for that once more.
  void read_frame(std::string_view frame, Session& session, Batch& batch, bool is_events_only = false);

  // A body of POST /v1/events: one event; an array; one event per line, empty lines left out. An array that can't be
  // taken apart is a problem, and nothing of it is taken.
  void read_event(std::string_view bytes, const Roles& roles, Detail detail, Batch& batch);
  Answered<void> read_array(std::string_view body, const Roles& roles, Detail detail, Batch& batch);
  void read_lines(std::string_view body, const Roles& roles, Detail detail, Batch& batch);
  // The same, as CloudEvents.
  void read_cloud_event(std::string_view bytes, const Roles& roles, Detail detail, Batch& batch);
  Answered<void> read_cloud_events(std::string_view body, const Roles& roles, Detail detail, Batch& batch);

  // A read from the engine by HTTP, already routed; for `ranks` with its body.
  Answered<void> read_request(ReadRequest read, std::string_view body, const Roles& roles, Batch& batch);

  // A watch that is all its connection does.
  Answered<void> read_stream(const WatchRequest& watch, const Roles& roles, Batch& batch);

  // What an admin does to a player, with the body that says more.
  Answered<void> read_operation(Operation::Kind kind, std::string_view player, std::string_view body,
                                const Caller& caller, Batch& batch);

  // A ruleset that an admin wants in force. Errors: invalid_argument, with everything that is wrong with it.
  Answered<void> read_ruleset(std::string_view source, const Caller& caller, Batch& batch);

 private:
  void read_message(std::string_view message, Session& session, Batch& batch, bool is_event);
  void read_control(const ControlMessage& control, Session& session, Batch& batch);
  void read_query(std::string_view path, const Session& session, Item& item, Batch& batch);
  // The session becomes that of the token, or stays what it is.
  Answered<void> identify(std::string_view token, Session& session, Timestamp now) const;
  // Whether these roles may read that; and whether they see a player's state.
  Answered<void> authorize(ReadRequest& read, const Roles& roles) const;
  bool may_read_boards(const Roles& roles) const;
  Answered<void> may_watch(const WatchRequest& watch, const Roles& roles) const;
  void add_request(Request request, Item& item, Batch& batch);
  std::string_view hello_json(const Session& session, std::string_view ref, Arena& arena) const;
  // Adds the decoded or refused event.
  void add_event(std::string_view bytes, const Result<Event>& event, const Roles& roles, Detail detail, Batch& batch);
  // Why a client with these roles may not send that event, or nothing.
  std::optional<Problem> refusal_of(const Event& event, const Roles& roles) const;
  void refuse_early(Item& item, std::chrono::milliseconds wait, Arena& arena) const;
  Result<Event> decode(std::string_view bytes, Arena& arena);

  std::shared_ptr<const Ruleset> ruleset_;
  bool has_events_with_op_ = true;  // An event may have a member `op`, and so look like a control message.
  const Limits& limits_;
  const Identity& identity_;
  const Authority* const authority_;
  NamedBuckets* const players_;
  std::chrono::milliseconds wait_{};  // How long the message that is read comes too early.
  Decoder decoder_;
  ControlReader control_;
};

// Whether a message may be a control message, or a frame may have one: false is certain. It may spell its member `op`
// with escapes.
bool may_be_control(std::string_view message);

// The elements of a JSON array as they stand there, or nothing if brackets and quotes don't match. Whether an element
// is itself JSON is not looked at.
std::optional<std::vector<std::string_view>> split_array(std::string_view json);

}  // namespace tallyho
