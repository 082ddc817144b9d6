// The WAV and FLAC kinds of RecordFile.
#pragma once

#include <memory>
#include <string>

#include "session/record_file.h"

namespace tactus::session {

// Null, and why in `error`.
std::unique_ptr<RecordFile> create_wav(const std::string& path, const RecordFile::Options& options, std::string* error);
std::unique_ptr<RecordFile> create_flac(const std::string& path, const RecordFile::Options& options,
                                        std::string* error);

}  // namespace tactus::session
