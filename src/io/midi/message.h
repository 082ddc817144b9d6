// One MIDI 1.0 message of up to three bytes, as a value. System exclusive isn't among them.
//
// Channels are 0 to 15 here and 1 to 16 wherever a person reads or writes them. Any thread; realtime-safe.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <span>

namespace tactus::io {

constexpr int kClocksPerBeat = 24;  // of a quarter note, MIDI 1.0

struct MidiMessage {
  std::array<std::uint8_t, 3> bytes{};
  std::uint8_t size = 0;  // 0: none

  static constexpr std::uint8_t kClock = 0xf8, kStart = 0xfa, kContinue = 0xfb, kStop = 0xfc, kSongPosition = 0xf2;

  static constexpr MidiMessage note_on(int channel, int note, int velocity) {
    return voice(0x90, channel, note, velocity);
  }
  static constexpr MidiMessage note_off(int channel, int note) { return voice(0x80, channel, note, 0); }
  static constexpr MidiMessage control_change(int channel, int controller, int value) {
    return voice(0xb0, channel, controller, value);
  }
  // 0 to 16383; 8192 is the middle.
  static constexpr MidiMessage pitch_bend(int channel, int value) {
    return voice(0xe0, channel, value & 0x7f, value >> 7 & 0x7f);
  }
  static constexpr MidiMessage realtime(std::uint8_t status) { return {{status, 0, 0}, 1}; }
  // In sixteenths of a whole note, six clocks each; 0 to 16383.
  static constexpr MidiMessage song_position(int sixteenths) {
    return {{kSongPosition, static_cast<std::uint8_t>(sixteenths & 0x7f),
             static_cast<std::uint8_t>(sixteenths >> 7 & 0x7f)},
            3};
  }
  // The bytes that a driver delivered; of size 0 when they aren't one whole message of up to three bytes.
  static constexpr MidiMessage from(std::span<const std::uint8_t> raw) {
    MidiMessage m;
    if (raw.empty() || raw.size() != length(raw[0])) return m;
    for (std::size_t i = 0; i < raw.size(); ++i) {
      if (i > 0 && raw[i] > 0x7f) return {};
      m.bytes[i] = raw[i];
    }
    m.size = static_cast<std::uint8_t>(raw.size());
    return m;
  }

  constexpr int kind() const { return bytes[0] < 0xf0 ? bytes[0] & 0xf0 : bytes[0]; }
  constexpr int channel() const { return bytes[0] & 0x0f; }

  bool operator==(const MidiMessage&) const = default;

 private:
  static constexpr MidiMessage voice(int status, int channel, int a, int b) {
    return {{static_cast<std::uint8_t>(status | (channel & 0x0f)), static_cast<std::uint8_t>(a & 0x7f),
             static_cast<std::uint8_t>(b & 0x7f)},
            3};
  }
  // Bytes of a message by its first; 0: none of ours.
  static constexpr std::size_t length(std::uint8_t status) {
    if (status < 0x80 || status == 0xf0 || status == 0xf4 || status == 0xf5 || status == 0xf7) return 0;
    if (status >= 0xf8 || status == 0xf6) return 1;
    if (status == 0xf1 || status == 0xf3 || (status & 0xf0) == 0xc0 || (status & 0xf0) == 0xd0) return 2;
    return 3;
  }
};

}  // namespace tactus::io
