// Which music a file holds, whatever it is called, wherever it lies and however it is tagged: the length of its audio
// payload, and a hash of three pieces of it. Cheap (some 50 KB are read), so a scan can tell it for every file.
#pragma once

#include <cstdint>
#include <optional>

namespace tactus::library {

struct AudioIdentity {
  std::int64_t length = 0;  // bytes of the payload
  std::int64_t hash = 0;
  bool operator==(const AudioIdentity&) const = default;
};

// The payload is what is left without tags: ID3v2 in front, ID3v1, APEv2 and Lyrics3v2 at the end; of FLAC what follows
// the metadata blocks; of MP4 the largest `mdat`; of WAV, AIFF and CAF the chunk of samples; of Ogg what follows the
// pages of its headers. XXH3 (64 bits) of the 16 KiB at its start, middle and end; of all of it where it is no longer
// than three pieces, or all three pieces are one repeated byte (silence). Pieces of Ogg are the contents of pages
// without their headers, which are renumbered when a comment grows. Nothing: the file has no payload. `fd`: a regular
// file; its position isn't used.
std::optional<AudioIdentity> audio_identity(int fd);

}  // namespace tactus::library
