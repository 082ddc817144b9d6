#include "session/midi_part.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <cstdio>
#include <utility>

#include "io/midi/port_process.h"
#include "schedule/parse.h"

namespace tactus::session {

namespace {

constexpr std::int64_t kMs = 1'000'000;
constexpr std::int64_t kLightsNs = 30 * kMs;
constexpr std::int64_t kToldNs = 1000 * kMs;  // between two notices of one device's refusals
// Messages are handed over so long before they are due: longer than the control thread is ever late, shorter than a
// tempo change takes to be noticed.
constexpr double kMidiAheadSeconds = 0.04;
constexpr int kMostMessages = 512;  // at a time; more wait for the next

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

bool matches(const std::string& port, const std::vector<std::string>& parts) {
  return std::any_of(parts.begin(), parts.end(),
                     [&port](const std::string& part) { return port.find(lower(part)) != std::string::npos; });
}

class View : public io::MapperView {
 public:
  View(const Session& session, const sidecar::BoardState& board) : session_(session), board_(board) {}
  double field(int field) const override {
    return sidecar::board_number(board_, sidecar::board_fields()[static_cast<std::size_t>(field)]);
  }
  std::optional<double> setting(const schedule::Intent& intent) const override { return session_.argument(intent); }

 private:
  const Session& session_;
  const sidecar::BoardState& board_;
};

}  // namespace

// --- Devices and mappings --------------------------------------------------------------------------------------------

std::unique_ptr<MidiPart> MidiPart::start(const MidiOptions& options, SampleRate rate, std::function<void()> wake,
                                          std::string* error) {
  std::unique_ptr<MidiPart> part(new MidiPart(options, rate));
  part->ports_ = io::start_midi_process(
      options.program, options.ports, std::move(wake), [p = part.get()] { p->deaths_.fetch_add(1); }, error);
  if (!part->ports_) return nullptr;
  part->want();
  return part;
}

MidiPart::MidiPart(const MidiOptions& options, SampleRate rate)
    : options_(options), rate_(rate), shelf_(options.bundled, options.mappings), list_(shelf_.list()) {
  Device& device = devices_[io::kVirtualDevice];
  device.name = "virtual";
  device.source = {"virtual", schedule::Source::Kind::midi, 1};
  device.gear = device.clock = true;
}

MidiPart::~MidiPart() {
  if (!ports_) return;
  due_.clear();
  schedule_.silence(0, due_);
  if (clock_out_.running()) due_.push_back({0, io::MidiMessage::realtime(io::MidiMessage::kStop)});
  for (const io::TimedMidi& t : due_) {
    for (const auto& [id, device] : devices_) {
      if (device.gear) ports_->send(id, t.message);
    }
  }
}

void MidiPart::want() {
  std::vector<io::PortPattern> patterns;
  for (const ShelvedMapping& m : *list_) patterns.push_back(m.mapping->devices);
  for (const auto& names : {options_.out, options_.clock_in}) {
    for (const std::string& name : names) patterns.push_back({lower(name)});
  }
  ports_->want(std::move(patterns));
}

void MidiPart::map_device(Session& session, Device& device, const Notice& notice) {
  std::shared_ptr<const io::Mapping> found;
  const std::string port = lower(device.name);
  for (const ShelvedMapping& m : *list_) {
    if (matches(port, m.mapping->devices)) {
      found = m.mapping;
      break;
    }
  }
  if (found == device.mapping) return;
  if (device.mapper) {
    device.mapper->let_go(intents_);
    submit(session, device, notice);
  }
  device.mapping = found;
  device.mapper = found ? std::make_unique<io::Mapper>(*found) : nullptr;
  if (found) notice("MIDI: " + device.name + " plays by the mapping '" + found->name + "'");
}

void MidiPart::take_mappings(Session& session, const Notice& notice) {
  for (const std::string& text : shelf_.take_notices()) notice(text);
  const auto list = shelf_.list();
  if (list == list_) return;
  list_ = list;
  ++lists_;
  want();
  for (auto& [id, device] : devices_) map_device(session, device, notice);
}

void MidiPart::take_changes(Session& session, const Notice& notice) {
  for (const int deaths = deaths_.load(); deaths_told_ < deaths; ++deaths_told_) {
    notice("MIDI: its driver's process crashed and is started again; the music goes on");
  }
  for (const io::MidiChange& c : ports_->take_changes()) {
    if (c.here) {
      Device& device = devices_[c.device];
      const std::string port = lower(c.name);
      device.name = c.name;
      device.source = {c.name.substr(0, 31), schedule::Source::Kind::midi, 1};
      device.gear = matches(port, options_.out);
      device.clock = matches(port, options_.clock_in);
      map_device(session, device, notice);
      if (device.gear) notice("MIDI: " + c.name + " is played by our MIDI output");
      continue;
    }
    const auto at = devices_.find(c.device);
    if (at == devices_.end()) continue;
    if (at->second.mapper) {
      at->second.mapper->let_go(intents_);
      submit(session, at->second, notice);
    }
    notice("MIDI: " + at->second.name + " has gone");
    devices_.erase(at);
  }
}

// --- In --------------------------------------------------------------------------------------------------------------

void MidiPart::submit(Session& session, Device& device, const Notice& notice) {
  for (schedule::Intent& intent : intents_) {
    const std::string text = schedule::to_text(intent);
    const schedule::Fate fate = session.submit({std::move(intent), {}}, text, device.source);
    if (fate.verdict != schedule::Fate::Verdict::refused) continue;
    const std::int64_t now = sidecar::monotonic_ns();
    if (now - device.told_ns < kToldNs) continue;
    device.told_ns = now;
    notice(device.name + ": " + text + ": " + fate.reason);
  }
  intents_.clear();
}

void MidiPart::attend(Session& session, const sidecar::BoardState& board, const Notice& notice) {
  const View view(session, board);
  io::MidiReceived in;
  for (int i = 0; i < kMostMessages && ports_->receive(in); ++i) {
    const auto at = devices_.find(in.device);
    if (at == devices_.end()) continue;
    Device& device = at->second;
    // One clock is followed, the first that ticks, until it falls silent.
    const bool tick = in.message.bytes[0] == io::MidiMessage::kClock;
    if (device.clock && tick && clock_device_ < 0) clock_device_ = in.device;
    if (in.device == clock_device_ || (clock_device_ < 0 && device.clock)) clock_in_.on_message(in.message, in.at_ns);
    if (!device.mapper) continue;
    device.mapper->on_message(in.message, in.at_ns, view, intents_);
    if (!intents_.empty()) submit(session, device, notice);
  }
}

void MidiPart::follow_clock(Session& session, const Notice& notice) {
  clock_in_.tick(sidecar::monotonic_ns());
  const auto state = clock_in_.state();
  const bool locked = state && state->locked;
  if (!locked && clock_device_ >= 0 && clock_locked_) clock_device_ = -1;
  // A master that starts, or that has just been found, is joined as a new Link session is: its bar becomes ours.
  const bool begins = locked && (!clock_locked_ || state->running != clock_ran_);
  if (locked != clock_locked_) {
    char text[96];
    std::snprintf(text, sizeof text, "MIDI clock: %.2f BPM comes in, jitter %.2f ms", state ? state->bpm : 0,
                  state ? state->jitter_ms : 0);
    notice(locked ? text : "MIDI clock: no more ticks come in");
  }
  clock_locked_ = locked;
  if (locked) clock_ran_ = state->running;
  schedule::LinkState s;
  s.enabled = true;
  if (locked) {
    s.frame = time_.frame;
    const std::int64_t heard =
        time_.heard_ns + static_cast<std::int64_t>(options_.offset_ms * static_cast<double>(kMs));
    s.beat = state->running ? state->beat_at(heard) : state->clock_beat_at(heard);
    s.bpm = state->bpm;
    s.peers = begins ? 0 : 1;
  }
  session.set_midi(s);
}

// --- Out -------------------------------------------------------------------------------------------------------------

std::string MidiPart::take(const schedule::HostAction& action) {
  bool room = true;
  if (const auto* note = std::get_if<schedule::ask::MidiNote>(&action.what)) {
    room = schedule_.note(action.when, *note);
  } else if (const auto* cc = std::get_if<schedule::ask::MidiCc>(&action.what)) {
    room = schedule_.cc(action.when, *cc);
  } else {
    transports_.push_back(action);
  }
  return room ? "" : "too many MIDI notes or ramps wait (" + std::to_string(MidiSchedule::kMost) + " of each at most)";
}

void MidiPart::send(const io::TimedMidi& t) {
  const std::int64_t due =
      time_.heard_at(t.frame) + static_cast<std::int64_t>(options_.offset_ms * static_cast<double>(kMs));
  for (const auto& [id, device] : devices_) {
    if (device.gear) ports_->send(id, t.message, due);
  }
}

void MidiPart::send_due(Session& session) {
  const music::TempoMap& map = session.world().map;
  const double now = time_.frame_at(sidecar::monotonic_ns());
  const double until = now + kMidiAheadSeconds * rate_.hz;
  // After a stall, or on another device: what was missed isn't sent in a burst.
  if (sent_until_ < now || sent_until_ > until) sent_until_ = now;
  for (const schedule::HostAction& a : transports_) {
    if (const auto* clock = std::get_if<schedule::ask::MidiClock>(&a.what)) {
      const bool on_beat = a.when.kind == msg::When::Kind::beat;
      const Beat beat = on_beat ? Beat{a.when.value} : Beat::of(map.beat_of(sent_until_));
      clock_out_.transport(static_cast<io::MidiClockOut::Transport>(clock->kind), beat);
    }
  }
  transports_.clear();
  due_.clear();
  if (options_.clock_out) clock_out_.events(map, sent_until_, until, due_);
  schedule_.events(map, sent_until_, until, due_);
  for (const io::TimedMidi& t : due_) send(t);
  sent_until_ = until;
}

void MidiPart::tick(Session& session, const sidecar::BoardState& board, const BlockStamp& stamp, const Notice& notice) {
  session.set_no_midi("");
  take_mappings(session, notice);
  take_changes(session, notice);
  attend(session, board, notice);
  const std::int64_t now = sidecar::monotonic_ns();
  for (auto& [id, device] : devices_) {
    if (!device.mapper) continue;
    device.mapper->tick(now, intents_);
    if (!intents_.empty()) submit(session, device, notice);
  }
  if (stamp.known()) time_ = stamp;  // not when a block was just being stamped
  if (!time_.known()) return;
  follow_clock(session, notice);
  send_due(session);
  if (now < lights_ns_) return;
  lights_ns_ = now + kLightsNs;
  const View view(session, board);
  for (auto& [id, device] : devices_) {
    if (!device.mapper) continue;
    messages_.clear();
    device.mapper->lights(view, messages_);
    for (const io::MidiMessage& m : messages_) ports_->send(id, m);
  }
}

void MidiPart::show(sidecar::BoardState* board) const {
  const io::MidiPunctuality p = ports_->punctuality();
  const auto clock = clock_in_.state();
  board->midi_devices = static_cast<std::int32_t>(devices_.size()) - 1;
  board->midi_sent = p.sent;
  board->library[static_cast<int>(sidecar::LibraryKind::mappings)] = lists_;
  board->midi_dropped = p.dropped + ports_->lost();
  board->midi_late_median_ms = p.median_ms;
  board->midi_late_p99_ms = p.p99_ms;
  board->midi_late_worst_ms = p.worst_ms;
  board->midi_clock_bpm = clock && clock->locked ? clock->bpm : 0;
  board->midi_clock_jitter_ms = clock && clock->locked ? clock->jitter_ms : 0;
}

}  // namespace tactus::session
