// Any bytes as an OSC packet: refused with a reason, or messages that are written and read back the same; each as the
// intent that a client may have meant by it: refused with a place inside its text, or what that text means, too. And
// any bytes as a stream of packets: the same ones in whatever pieces it comes.
#include <cmath>
#include <cstdint>
#include <cstdlib>
#include <vector>

#include "osc/framing.h"
#include "osc/message.h"
#include "schedule/parse.h"

namespace {

using namespace tactus;

void as_an_intent(const osc::Message& m) {
  std::vector<schedule::Arg> args;
  for (std::size_t i = 0; i < m.args.size(); ++i) {
    if (std::holds_alternative<osc::Other>(m.args[i])) return;
    if (const auto* word = std::get_if<std::string>(&m.args[i])) {
      args.emplace_back(*word);
    } else {
      args.emplace_back(m.number(i));
    }
  }
  const std::string text = schedule::joined(m.address, args);
  const schedule::Parsed p = schedule::parse(m.address, args);
  if (!p) {
    if (p.error.text().empty() || p.error.column + p.error.length > text.size()) std::abort();
    return;
  }
  if (!schedule::check(*p.intent).empty()) std::abort();
  const schedule::Parsed again = schedule::parse(schedule::to_text(*p.intent));
  if (!again || !(*again.intent == *p.intent)) std::abort();
}

std::vector<std::vector<std::byte>> unframed(std::span<const std::byte> bytes, std::size_t piece) {
  osc::Unframer stream;
  std::vector<std::vector<std::byte>> packets;
  for (std::size_t at = 0; at < bytes.size(); at += piece) {
    const auto next = bytes.subspan(at, std::min(piece, bytes.size() - at));
    if (!stream.take(next, [&](std::span<const std::byte> p) { packets.emplace_back(p.begin(), p.end()); })) break;
  }
  return packets;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto bytes = std::as_bytes(std::span(data, size));
  if (size > 0 && unframed(bytes, 1 + data[0] % 16) != unframed(bytes, size)) std::abort();
  std::vector<osc::Timed> found, again;
  std::string why;
  if (!osc::decode(bytes, found, &why)) {
    if (why.empty() || !found.empty()) std::abort();
    return 0;
  }
  for (const osc::Timed& t : found) {
    if (t.message.address.empty() || t.message.address[0] != '/') std::abort();
    again.clear();
    if (!osc::decode(osc::encode(t.message), again, &why) || again.size() != 1) std::abort();
    if (again[0].message.args.size() != t.message.args.size()) std::abort();
    for (std::size_t i = 0; i < t.message.args.size(); ++i) {
      t.message.number(i);
      t.message.integer(i);
    }
    as_an_intent(t.message);
  }
  return 0;
}
