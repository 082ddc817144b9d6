// FFmpeg's decoded frames as stereo float. Internal to src/media.
#pragma once

#include <vector>

struct AVFrame;

namespace tactus::media {

// Appends `frame`, folded to stereo (see source_decoder.h for the matrix), interleaved. Integer samples are divided by
// 2^(bits-1). False when its sample format or its number of channels (1 to 8) is not supported; nothing is appended
// then.
bool append_stereo(const AVFrame& frame, std::vector<float>& out);

}  // namespace tactus::media
