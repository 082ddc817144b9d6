#include "client/tactus_client.h"

#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstring>
#include <new>

#include "client/client.h"
#include "client/start.h"
#include "schedule/numbers.h"

struct tactus_client {
  std::unique_ptr<tactus::client::Client> engine;
  std::optional<tactus::sidecar::BoardState> picture;
};

namespace {

using namespace tactus;

void copy_text(char* to, std::size_t size, const std::string& from) {
  if (size == 0) return;
  std::size_t n = std::min(from.size(), size - 1);
  // Never amid a UTF-8 character.
  while (n > 0 && n < from.size() && (static_cast<unsigned char>(from[n]) & 0xC0) == 0x80) --n;
  std::memcpy(to, from.data(), n);
  to[n] = '\0';
}

std::string text_of(const osc::Message& m) {
  std::string text = m.address;
  for (std::size_t i = 0; i < m.args.size(); ++i) {
    const auto* word = std::get_if<std::string>(&m.args[i]);
    text += ' ';
    text += word ? *word : schedule::number_text(m.number(i));
  }
  return text;
}

std::chrono::milliseconds patience(int ms) { return std::chrono::milliseconds(std::max(0, ms)); }

// What is thrown for want of memory must not reach C.
template <typename Result, typename Work>
Result guarded(Result otherwise, const Work& work) noexcept {
  try {
    return work();
  } catch (const std::exception&) {
    return otherwise;
  }
}

client::ConnectOptions options_of(const char* session, const char* name, const char* kind) {
  client::ConnectOptions options;
  if (session) options.session = session;
  if (name) options.name = name;
  if (kind) options.kind = kind;
  return options;
}

// From what `connect` finds, which fills the sentence that it is given where it finds none.
template <typename Connect>
tactus_client* client_of(char* error, std::size_t error_size, const Connect& connect) noexcept {
  copy_text(error, error_size, "no memory");
  return guarded<tactus_client*>(nullptr, [&]() -> tactus_client* {
    std::string why;
    auto engine = connect(why);
    copy_text(error, error_size, why);
    return engine ? new tactus_client{std::move(engine), {}} : nullptr;
  });
}

}  // namespace

tactus_client* tactus_connect(const char* session, const char* name, const char* kind, char* error, size_t error_size) {
  return client_of(error, error_size,
                   [&](std::string& why) { return client::Client::connect(options_of(session, name, kind), &why); });
}

tactus_client* tactus_connect_or_start(const char* session, const char* name, const char* kind, const char* program,
                                       char* error, size_t error_size) {
  return client_of(error, error_size, [&](std::string& why) {
    auto found = client::connect_or_start(options_of(session, name, kind), program ? program : "tactus", {},
                                          client::Stderr::kept);
    why = found.error;
    return std::move(found.client);
  });
}

void tactus_close(tactus_client* client) { delete client; }

int tactus_send(tactus_client* client, const char* intent, int patience_ms, tactus_fate* fate) {
  return guarded(-1, [&] {
    const auto got = client->engine->send(intent, patience(patience_ms));
    if (!got) return -1;
    if (!fate) return 0;
    copy_text(fate->verdict, sizeof fate->verdict, got->verdict);
    copy_text(fate->reason, sizeof fate->reason, got->reason);
    fate->id = got->id;
    fate->beat = got->beat;
    fate->frame = got->frame;
    return 0;
  });
}

int32_t tactus_post(tactus_client* client, const char* intent) {
  return guarded(std::int32_t{0}, [&] { return client->engine->post(std::string(intent)); });
}

int tactus_subscribe(tactus_client* client, const char* what, double per_second, const char* prefix) {
  return guarded(-1, [&] {
    osc::Message m{"/subscribe", {std::string(what)}};
    if (std::strcmp(what, "state") == 0) {
      m.args.emplace_back(static_cast<float>(per_second));
      m.args.emplace_back(std::string(prefix ? prefix : ""));
    }
    return client->engine->post(m) ? 0 : -1;
  });
}

int tactus_next(tactus_client* client, int patience_ms, char* text, size_t size) {
  return guarded(-1, [&] {
    const auto m = client->engine->next(patience(patience_ms));
    if (!m) return client->engine->closed() ? -1 : 0;
    copy_text(text, size, text_of(*m));
    return 1;
  });
}

int tactus_look(tactus_client* client) {
  return guarded(-1, [&] {
    client->picture = client->engine->board().read();
    return client->picture ? 0 : -1;
  });
}

double tactus_number(const tactus_client* client, const char* name) {
  const auto* field = sidecar::board_field(name);
  return field && client->picture ? sidecar::board_number(*client->picture, *field) : NAN;
}

int tactus_text(const tactus_client* client, const char* name, char* text, size_t size) {
  return guarded(-1, [&] {
    const auto* field = sidecar::board_field(name);
    if (!field || !client->picture) return -1;
    copy_text(text, size, sidecar::board_text(*client->picture, *field));
    return 0;
  });
}

int tactus_library_changes(tactus_client* client, char* text, size_t size) {
  return guarded(-1, [&] {
    std::string words;
    const auto kinds = client->engine->library_changes();
    for (const std::string_view kind : kinds) words += (words.empty() ? "" : " ") + std::string(kind);
    copy_text(text, size, words);
    return static_cast<int>(kinds.size());
  });
}

int tactus_alive(const tactus_client* client) { return client->engine->board().alive() ? 1 : 0; }
