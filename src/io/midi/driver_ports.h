// RtMidi's ports, kept when their device goes and used again for the next one.
//
// Two faults of JACK's side make that necessary. RtMidi frees what its JACK output's callback reads before it closes
// the client, so an output that is destroyed while the server runs can crash. And a client that is opened under the
// name of one that has just been closed is at times never woken by the server again: its device is there, and dumb.
#pragma once

#include <RtMidi.h>

#include <algorithm>
#include <atomic>
#include <memory>
#include <string>
#include <vector>

#include "io/midi/ports.h"
#include "lockfree/mpsc_queue.h"

namespace tactus::io {

// What came in, left by drivers' threads, which must neither wait nor allocate.
struct MidiInbox {
  using Now = std::int64_t (*)();
  explicit MidiInbox(std::size_t most, Now clock) : queue(most), now(clock) {}

  lockfree::MpscQueue<MidiReceived> queue;
  std::atomic<std::uint32_t> arrived{0};
  std::atomic<std::uint64_t> lost{0};
  const Now now;  // ns
};

struct MidiInput {
  MidiInput(RtMidi::Api api, const std::string& client, MidiInbox& into) : inbox(into), port(api, client) {
    port.setErrorCallback([](RtMidiError::Type, const std::string&, void*) {});
    port.setCallback(&take, this);
    port.ignoreTypes(true, false, true);  // no system exclusive, but clocks
  }
  std::atomic<int> device{0};
  MidiInbox& inbox;
  RtMidiIn port;  // last: its thread uses the rest

 private:
  static void take(double, std::vector<unsigned char>* bytes, void* context) {
    const auto* self = static_cast<const MidiInput*>(context);
    const MidiMessage m = MidiMessage::from({bytes->data(), bytes->size()});
    if (m.size == 0) return;
    MidiInbox& inbox = self->inbox;
    const int device = self->device.load(std::memory_order_relaxed);
    if (!inbox.queue.push({device, inbox.now(), m})) inbox.lost.fetch_add(1, std::memory_order_relaxed);
    inbox.arrived.fetch_add(1, std::memory_order_release);
    inbox.arrived.notify_one();
  }
};

// One thread.
class DriverPorts {
 public:
  DriverPorts(std::string client, MidiInbox& inbox) : client_(std::move(client)), inbox_(inbox) {}
  ~DriverPorts() {
    for (auto* list : {&outs_, &retired_}) {
      for (auto& out : *list) (void)out.release();  // until the process ends
    }
  }
  DriverPorts(const DriverPorts&) = delete;
  DriverPorts& operator=(const DriverPorts&) = delete;

  std::unique_ptr<MidiInput> input(RtMidi::Api api, int device) {
    const auto kept = std::find_if(ins_.begin(), ins_.end(), [api](auto& p) { return p->port.getCurrentApi() == api; });
    std::unique_ptr<MidiInput> in;
    if (kept == ins_.end()) {
      in = std::make_unique<MidiInput>(api, client_, inbox_);
    } else {
      in = std::move(*kept);
      ins_.erase(kept);
    }
    in->device.store(device, std::memory_order_relaxed);
    return in;
  }
  std::unique_ptr<RtMidiOut> output(RtMidi::Api api) {
    const auto kept = std::find_if(outs_.begin(), outs_.end(), [api](auto& p) { return p->getCurrentApi() == api; });
    if (kept == outs_.end()) {
      auto out = std::make_unique<RtMidiOut>(api, client_);
      out->setErrorCallback([](RtMidiError::Type, const std::string&, void*) {});
      return out;
    }
    auto out = std::move(*kept);
    outs_.erase(kept);
    return out;
  }
  // Closed, or of a server that has gone.
  void keep(std::unique_ptr<MidiInput> in) { ins_.push_back(std::move(in)); }
  void keep(std::unique_ptr<RtMidiOut> out) { outs_.push_back(std::move(out)); }
  // One that is of no use any more.
  void retire(std::unique_ptr<RtMidiOut> out) { retired_.push_back(std::move(out)); }
  // Ports of a server that has gone are of no use, and have no callbacks any more.
  void server_has_gone() {
    ins_.clear();
    outs_.clear();
    retired_.clear();
  }

 private:
  const std::string client_;
  MidiInbox& inbox_;
  std::vector<std::unique_ptr<MidiInput>> ins_;
  std::vector<std::unique_ptr<RtMidiOut>> outs_, retired_;
};

}  // namespace tactus::io
