#include "library/phrases/index_wire.h"

#include <fcntl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>

#include <array>
#include <cmath>
#include <cstring>

#include "library/phrases/index_file.h"

namespace tactus::library {

namespace {

constexpr std::array<char, 8> kAskMagic = {'T', 'W', 'P', 'H', 'A', 'S', 'K', '1'};
constexpr std::array<char, 8> kAnswerMagic = {'T', 'W', 'P', 'H', 'A', 'N', 'S', '1'};
constexpr int kWaiting = 64;  // to be let in
enum Has : std::uint32_t { kBpm = 1, kEnergy = 2, kVocals = 4, kButTrack = 8, kAllOfThem = 15 };

// As they lie in a message; what isn't asked for is 0.
struct AskHead {
  std::array<char, 8> magic{};
  std::uint32_t k = 0, has = 0, keys = 0, labels = 0;
  NumberRange bpm, energy, vocals;
  std::int64_t but_track = 0;
};
struct AnswerHead {
  std::array<char, 8> magic{};
  std::uint64_t size = 0;
  std::uint32_t dimensions = 0, complete = 0;
  std::array<char, kLongestEmbedder + 1> embedder{};
};
static_assert(sizeof(AskHead) == 80 && sizeof(AnswerHead) == 88);

constexpr std::size_t kHitBytes = 20;

template <class T>
void append(std::string& out, const T& value) {
  out.append(reinterpret_cast<const char*>(&value), sizeof value);
}

void put(const std::optional<NumberRange>& range, Has bit, AskHead& head, NumberRange& into) {
  if (!range) return;
  head.has |= bit;
  into = *range;
}

// False: what is no number is in it, or something where nothing was to be.
bool take(const AskHead& head, Has bit, const NumberRange& range, std::optional<NumberRange>& into) {
  if ((head.has & bit) == 0) return range.low == 0 && range.high == 0;
  if (!std::isfinite(range.low) || !std::isfinite(range.high)) return false;
  into = range;
  return true;
}

UniqueFd asks_socket() { return UniqueFd(::socket(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0)); }
UniqueFd opened(const std::string& folder) {
  return UniqueFd(::open(folder.c_str(), O_PATH | O_DIRECTORY | O_CLOEXEC));
}
// A socket's path may have 107 bytes, a folder's any number: so the folder goes by its number.
sockaddr_un address_in(const UniqueFd& folder) {
  sockaddr_un out{};
  out.sun_family = AF_UNIX;
  const std::string path = "/proc/self/fd/" + std::to_string(folder.get()) + "/phrases.sock";
  std::memcpy(out.sun_path, path.c_str(), path.size() + 1);
  return out;
}

}  // namespace

UniqueFd listen_for_asks(const std::string& folder) {
  const UniqueFd at = opened(folder);
  UniqueFd socket = asks_socket();
  if (!at || !socket) return {};
  const sockaddr_un address = address_in(at);
  ::unlinkat(at.get(), "phrases.sock", 0);
  // Before it has a name, so that nobody else gets in.
  if (::fchmod(socket.get(), 0600) != 0 ||
      ::bind(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0 ||
      ::listen(socket.get(), kWaiting) != 0)
    return {};
  return socket;
}

UniqueFd connect_to_index(const std::string& folder) {
  const UniqueFd at = opened(folder);
  UniqueFd socket = asks_socket();
  if (!at || !socket) return {};
  const sockaddr_un address = address_in(at);
  if (::connect(socket.get(), reinterpret_cast<const sockaddr*>(&address), sizeof address) != 0) return {};
  return socket;
}

std::string bytes_of(const IndexAsk& ask) {
  AskHead head;
  head.magic = kAskMagic;
  head.k = ask.k;
  head.keys = ask.filter.keys;
  head.labels = ask.filter.labels;
  put(ask.filter.bpm, kBpm, head, head.bpm);
  put(ask.filter.energy, kEnergy, head, head.energy);
  put(ask.filter.vocals, kVocals, head, head.vocals);
  if (ask.filter.but_track) {
    head.has |= kButTrack;
    head.but_track = *ask.filter.but_track;
  }
  std::string out;
  append(out, head);
  out.append(reinterpret_cast<const char*>(ask.vector.data()), ask.vector.size());
  return out;
}

std::optional<IndexAsk> read_ask(std::string_view bytes) {
  AskHead head;
  if (bytes.size() < sizeof head || bytes.size() > kLongestAsk) return std::nullopt;
  std::memcpy(&head, bytes.data(), sizeof head);
  bytes.remove_prefix(sizeof head);
  IndexAsk out;
  if (head.magic != kAskMagic || head.k > kMostAskedHits || (head.has & ~kAllOfThem) != 0 ||
      ((head.has & kButTrack) == 0 && head.but_track != 0) || !take(head, kBpm, head.bpm, out.filter.bpm) ||
      !take(head, kEnergy, head.energy, out.filter.energy) || !take(head, kVocals, head.vocals, out.filter.vocals))
    return std::nullopt;
  out.k = head.k;
  out.filter.keys = head.keys;
  out.filter.labels = head.labels;
  if ((head.has & kButTrack) != 0) out.filter.but_track = head.but_track;
  out.vector.assign(bytes.begin(), bytes.end());
  return out;
}

std::string bytes_of(const IndexAnswer& answer) {
  AnswerHead head;
  head.magic = kAnswerMagic;
  head.size = answer.size;
  head.dimensions = answer.dimensions;
  head.complete = answer.complete ? 1 : 0;
  answer.embedder.copy(head.embedder.data(), kLongestEmbedder);
  std::string out;
  append(out, head);
  for (const PhraseHit& hit : answer.hits) {
    append(out, hit.id);
    append(out, hit.track);
    append(out, hit.similarity);
  }
  return out;
}

std::optional<IndexAnswer> read_answer(std::string_view bytes) {
  AnswerHead head;
  if (bytes.size() < sizeof head || bytes.size() > kLongestAnswer) return std::nullopt;
  std::memcpy(&head, bytes.data(), sizeof head);
  bytes.remove_prefix(sizeof head);
  if (head.magic != kAnswerMagic || head.embedder.back() != 0 || head.complete > 1 || bytes.size() % kHitBytes != 0)
    return std::nullopt;
  IndexAnswer out{head.complete == 1, head.size, head.dimensions, head.embedder.data(), {}};
  for (; !bytes.empty(); bytes.remove_prefix(kHitBytes)) {
    PhraseHit hit;
    std::memcpy(&hit.id, bytes.data(), 8);
    std::memcpy(&hit.track, bytes.data() + 8, 8);
    std::memcpy(&hit.similarity, bytes.data() + 16, 4);
    if (!std::isfinite(hit.similarity)) return std::nullopt;
    out.hits.push_back(hit);
  }
  return out;
}

}  // namespace tactus::library
