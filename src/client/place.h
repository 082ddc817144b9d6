// Where a session lives: its folder (journal, lock, what is remembered), and the socket of the engine that runs it.
#pragma once

#include <filesystem>
#include <string>

namespace tactus::client {

// $XDG_STATE_HOME/tactus/session, or ~/.local/state/tactus/session.
std::filesystem::path default_session();

// The socket of the engine of a session: in $XDG_RUNTIME_DIR/tactus, else in /tmp/tactus-UID, under a name made from
// the session's path (a socket's own path may have 107 bytes only). engine.json in the session's folder names it, too.
std::filesystem::path socket_of(const std::filesystem::path& session);

// Makes the folder of sockets, open to this user alone. False, and a plain sentence, when it can't be so.
bool make_socket_folder(std::string* error);

}  // namespace tactus::client
