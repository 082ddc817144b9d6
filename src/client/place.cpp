#include "client/place.h"

#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstdint>
#include <cstdlib>
#include <cstring>

namespace tactus::client {

namespace fs = std::filesystem;

namespace {

fs::path socket_folder() {
  const char* runtime = std::getenv("XDG_RUNTIME_DIR");
  if (runtime && runtime[0] == '/') return fs::path(runtime) / "tactus";
  return "/tmp/tactus-" + std::to_string(::getuid());
}

// FNV-1a, 64 bits (Fowler, Noll, Vo).
std::string name_of(const std::string& text) {
  std::uint64_t h = 14695981039346656037ull;
  for (const char c : text) h = (h ^ static_cast<unsigned char>(c)) * 1099511628211ull;
  char hex[17];
  for (int i = 0; i < 16; ++i) hex[i] = "0123456789abcdef"[h >> (60 - 4 * i) & 15];
  hex[16] = '\0';
  return hex;
}

}  // namespace

fs::path default_session() {
  const char* state = std::getenv("XDG_STATE_HOME");
  const char* home = std::getenv("HOME");
  const fs::path base =
      state && state[0] == '/' ? fs::path(state) : fs::path(home && home[0] ? home : "/tmp") / ".local" / "state";
  return base / "tactus" / "session";
}

fs::path socket_of(const fs::path& session) {
  std::error_code ignored;
  const fs::path whole = fs::weakly_canonical(fs::absolute(session, ignored), ignored);
  return socket_folder() / (name_of(whole.string()) + ".sock");
}

bool make_socket_folder(std::string* error) {
  const fs::path folder = socket_folder();
  std::error_code ignored;
  fs::create_directories(folder.parent_path(), ignored);
  if (::mkdir(folder.c_str(), 0700) == 0) return true;
  struct stat info {};
  // Somebody else's folder of that name in /tmp would let him pose as the engine.
  if (errno == EEXIST && ::lstat(folder.c_str(), &info) == 0 && S_ISDIR(info.st_mode) && info.st_uid == ::getuid() &&
      (info.st_mode & 077) == 0) {
    return true;
  }
  *error = folder.string() + " can't hold the engine's socket: " +
           (errno == EEXIST ? "it isn't a folder of yours alone (mode 0700)" : std::strerror(errno));
  return false;
}

}  // namespace tactus::client
