// A client of a running engine: sends intents and hears what became of them, sees the state. Whatever a client does,
// the music goes on; when the engine goes, the client hears `closed` and may connect again.
//
//   std::string error;
//   auto engine = client::Client::connect({.name = "my pad"}, &error);
//   if (!engine) complain(error);
//   auto fate = engine->send("/deck/1/play @bar");
//   if (fate && fate->verdict == "accepted") ...
//
// One thread at a time. docs/clients.md describes the messages underneath, for other languages.
#pragma once

#include <sys/types.h>

#include <chrono>
#include <deque>
#include <filesystem>
#include <memory>
#include <optional>
#include <string>

#include "base/unique_fd.h"
#include "osc/message.h"
#include "sidecar/board.h"

namespace tactus::client {

struct ConnectOptions {
  std::filesystem::path session = {};  // empty: the default one
  std::string name = "client";         // how notices and pending intents name it
  std::string kind = "osc";            // of schedule::Source::Kind: who goes before whom on a control
  double confidence = 1;               // 0..1, of a recogniser that may mishear
  std::chrono::milliseconds patience{500};
};

struct Fate {
  std::int32_t request = 0;
  std::string verdict;  // accepted, coalesced, refused
  std::uint64_t id = 0;
  double beat = 0;
  std::int64_t frame = 0;
  std::string reason, note, text;
  std::int64_t engine_ns = 0;  // CLOCK_MONOTONIC when its commands were with the engine
};

class Client {
 public:
  static std::unique_ptr<Client> connect(const ConnectOptions& options, std::string* error);

  // Sends and waits for its fate. Nothing when the engine doesn't answer in time or is gone (then closed()).
  std::optional<Fate> send(const std::string& intent, std::chrono::milliseconds patience = std::chrono::seconds(2));
  // Sends without waiting; its /fate comes among the messages. The request's number; 0: the engine is gone or doesn't
  // read.
  std::int32_t post(const std::string& intent);
  // A bare message ("/subscribe", an intent's address with arguments).
  bool post(const osc::Message& message);
  // The next message from the engine (/fate, /done, /failed, /notice, /refused, /lost, /state/...). Nothing: none came
  // in time, or closed().
  std::optional<osc::Message> next(std::chrono::milliseconds patience);
  static Fate fate_of(const osc::Message& message);

  // What of the library is to be read again since the last call: kinds of sidecar::kLibraryKinds; the first time all.
  std::vector<std::string_view> library_changes();

  bool closed() const { return !fd_; }
  // The process of the engine behind the socket. It may end a little after `closed`, and holds its session until then.
  // 0: the system doesn't say.
  pid_t engine_process() const { return engine_process_; }
  const sidecar::BoardReader& board() const { return *board_; }
  const std::string& version() const { return version_; }

 private:
  explicit Client(UniqueFd fd);
  bool receive(std::chrono::steady_clock::time_point until);
  bool take_packet();

  UniqueFd fd_, passed_;
  pid_t engine_process_ = 0;
  std::unique_ptr<sidecar::BoardReader> board_;
  std::string version_;
  std::vector<std::byte> in_;
  std::deque<osc::Message> messages_;
  std::int32_t request_ = 0;
  sidecar::BoardState library_{};  // as it was when changes were last asked for
};

}  // namespace tactus::client
