// tactus-midi: the MIDI ports of an engine, in a process of their own. Started by the engine with a socket as its third
// file; nothing else needs it.
#include <cstdio>
#include <cstdlib>

#include "io/midi/port_process.h"

int main(int argc, char** argv) {
  if (argc != 4) {
    std::fprintf(stderr, "tactus-midi: started by `tactus engine --midi`, not by hand\n");
    return 2;
  }
  tactus::io::MidiPortsOptions options;
  options.api = argv[1];
  options.client = argv[2];
  options.rescan_ms = std::strtol(argv[3], nullptr, 10);
  if (options.rescan_ms < 10) options.rescan_ms = 1000;
  tactus::io::serve_midi_ports(3, options);
}
