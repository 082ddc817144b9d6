// Another MIDI program: a pair of virtual ports, told what to do on standard input, telling what it hears on standard
// output. Ends with its input.
//
//   send 90 0b 7f      sends these bytes
//   every 20000 f8 48  sends f8 every so many microseconds, 48 times
//   -> "ready", then "got NANOSECONDS 90 0b 7f" for each message
#include <RtMidi.h>

#include <chrono>
#include <cstdio>
#include <iostream>
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

}  // namespace

int main(int argc, char** argv) {
  const std::string name = argc > 1 ? argv[1] : "Pad";
  RtMidiIn in(RtMidi::UNIX_JACK, name);
  RtMidiOut out(RtMidi::UNIX_JACK, name);
  in.ignoreTypes(true, false, true);
  in.setCallback(hear, nullptr);
  in.openVirtualPort(name + " keys in");
  out.openVirtualPort(name + " keys out");
  std::printf("ready\n");
  std::fflush(stdout);
  std::string line, word;
  while (std::getline(std::cin, line)) {
    std::istringstream words(line);
    words >> word;
    if (word == "send") {
      const auto bytes = bytes_of(words);
      if (!bytes.empty()) out.sendMessage(&bytes);
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
