// The socket by which the writer's role is asked for and lent: `library.sock` beside the lock, this user's alone
// (0600).
//
// Whole messages of text (SOCK_SEQPACKET). To the keeper: how the one who asks is named to others. From it: kWaits and
// why, any number of times; then kLends, with the file that holds the lock. Who has borrowed gives back by closing.
#pragma once

#include <string>
#include <string_view>

#include "base/unique_fd.h"

namespace tactus::library {

constexpr char kWaits = 'w', kLends = 'l';
constexpr std::size_t kMostRoleText = 400;  // bytes of a message; longer ones are cut

// For the one keeper, which holds the keepers' lock: takes the place of a socket that a dead one left. Nothing, and a
// sentence in `error`, where the folder's file system has no sockets, or is full.
UniqueFd listen_for_role(const std::string& folder, std::string* error);
// Nothing: no keeper listens there, or it has too many connections already. Never waits.
UniqueFd connect_to_keeper(const std::string& folder);

struct RoleMessage {
  enum class Kind { text, none, closed };  // none: not yet
  Kind kind = Kind::none;
  std::string text;  // without control characters
  UniqueFd file;
};
// Both never wait. `file`: goes along, where it is one. False: the other side has gone, or doesn't read.
bool send_role(int socket, std::string_view text, int file = -1);
RoleMessage receive_role(int socket);

// The process at the other end.
int process_behind(int socket);

}  // namespace tactus::library
