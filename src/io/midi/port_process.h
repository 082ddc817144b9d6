// MIDI ports in a process of their own: drivers of MIDI devices and the libraries around them have crashed before, and
// none of that may reach the music. When the process dies, all devices have gone; it is started again.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "io/midi/ports.h"

namespace tactus::io {

// As MidiPorts::start(), by the program `program` (tactus-midi). Null, and why in `error`, when that can't be started;
// later deaths are told to `died`, from a thread of its own. Only that it started is known then, not that a MIDI server
// answers.
std::unique_ptr<MidiPorts> start_midi_process(const std::string& program, const MidiPortsOptions& options,
                                              std::function<void()> wake, std::function<void()> died,
                                              std::string* error);

// The program's side: serves the engine at the other end of `socket` until that closes, and ends the process.
[[noreturn]] void serve_midi_ports(int socket, const MidiPortsOptions& options);

}  // namespace tactus::io
