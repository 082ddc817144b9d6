// The WAV and FLAC kinds of RecordFile.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <vector>

#include "session/record_file.h"

namespace tactus::session {

// Null, and why in `error`.
std::unique_ptr<RecordFile> create_wav(const std::string& path, const RecordFile::Options& options, std::string* error);
// All of a WAV of `frames` stereo frames before its audio; of the same size whatever it says. Pure.
std::string wav_header(const RecordFile::Options& options, std::int64_t frames, const std::vector<RecordMark>& marks);
std::unique_ptr<RecordFile> create_flac(const std::string& path, const RecordFile::Options& options,
                                        std::string* error);

}  // namespace tactus::session
