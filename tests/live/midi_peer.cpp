// Another MIDI program: a pair of virtual ports, told what to do on standard input, telling what it hears on standard
// output. Ends with its input.
//
//   send 90 0b 7f      sends these bytes
//   every 20000 f8 48  sends f8 every so many microseconds, 48 times
//   to Tactus in       from now on sends to the first port that is called so, too
//   from Tactus out    hears the first port that is called so, too
//   -> "ready", then "got NANOSECONDS 90 0b 7f" for each message; "none" where there is no such port
//
// midi_peer NAME API [MS]: the API as RtMidi names it; its output comes so much later than its input.
#include <RtMidi.h>

#include <chrono>
#include <cstdio>
#include <iostream>
#include <memory>
#include <sstream>
#include <string>
#include <thread>

namespace {

std::vector<unsigned char> bytes_of(std::istream& in) {
  std::vector<unsigned char> bytes;
  for (unsigned b; in >> std::hex >> b;) bytes.push_back(static_cast<unsigned char>(b));
  return bytes;
}

void hear(double, std::vector<unsigned char>* m, void*) {
  const auto now = std::chrono::steady_clock::now().time_since_epoch();
  std::string line = "got " + std::to_string(std::chrono::duration_cast<std::chrono::nanoseconds>(now).count());
  char hex[4];
  for (const unsigned char b : *m) {
    std::snprintf(hex, sizeof hex, " %02x", b);
    line += hex;
  }
  std::printf("%s\n", line.c_str());
  std::fflush(stdout);
}

std::string rest_of(std::istream& words) {
  std::string rest;
  std::getline(words >> std::ws, rest);
  return rest;
}

void open(RtMidi& port, const std::string& part) {
  for (unsigned i = 0; i < port.getPortCount(); ++i) {
    if (port.getPortName(i).find(part) == std::string::npos) continue;
    port.openPort(i, "cable");
    return;
  }
  std::printf("none\n");
  std::fflush(stdout);
}

}  // namespace

int main(int argc, char** argv) {
  const std::string name = argc > 1 ? argv[1] : "Pad";
  const RtMidi::Api api = RtMidi::getCompiledApiByName(argc > 2 ? argv[2] : "jack");
  RtMidiIn in(api, name);
  RtMidiOut out(api, name);
  std::unique_ptr<RtMidiIn> cable_in;
  std::unique_ptr<RtMidiOut> cable_out;
  in.ignoreTypes(true, false, true);
  in.setCallback(hear, nullptr);
  in.openVirtualPort(name + " keys in");
  if (argc > 3) std::this_thread::sleep_for(std::chrono::milliseconds(std::stoi(argv[3])));
  out.openVirtualPort(name + " keys out");
  std::printf("ready\n");
  std::fflush(stdout);
  std::string line, word;
  while (std::getline(std::cin, line)) {
    std::istringstream words(line);
    words >> word;
    if (word == "send") {
      const auto bytes = bytes_of(words);
      if (bytes.empty()) continue;
      out.sendMessage(&bytes);
      if (cable_out) cable_out->sendMessage(&bytes);
    } else if (word == "to") {
      cable_out = std::make_unique<RtMidiOut>(api, name);
      open(*cable_out, rest_of(words));
    } else if (word == "from") {
      cable_in = std::make_unique<RtMidiIn>(api, name);
      cable_in->setCallback(hear, nullptr);
      open(*cable_in, rest_of(words));
    } else if (word == "every") {
      long us = 0, count = 0;
      std::string byte;
      words >> us >> byte >> count;
      const std::vector<unsigned char> bytes{static_cast<unsigned char>(std::stoul(byte, nullptr, 16))};
      auto due = std::chrono::steady_clock::now();
      for (long i = 0; i < count; ++i) {
        std::this_thread::sleep_until(due);
        out.sendMessage(&bytes);
        due += std::chrono::microseconds(us);
      }
    }
  }
  return 0;
}
