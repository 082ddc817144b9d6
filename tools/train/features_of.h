// A music file as the analysis looks at it: what the programs here begin with.
#pragma once

#include <algorithm>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "analysis/features.h"
#include "media/decoder.h"

namespace tactus::train {

// At 44.1 kHz, piece by piece. None of what can't be decoded.
inline std::optional<analysis::Features> features_of(const std::string& path) {
  constexpr int kRate = 44100;
  auto opened = media::Decoder::open(path, kRate, media::Stems::ignore);
  if (!opened) return std::nullopt;
  media::Decoder decoder = std::move(opened).value();
  analysis::FeatureExtractor extractor(kRate);
  constexpr std::int64_t kPiece = 65536;
  std::vector<float> pcm;
  for (std::int64_t at = 0; at < decoder.info().frames; at += kPiece) {
    pcm.resize(2 * static_cast<std::size_t>(std::min(kPiece, decoder.info().frames - at)));
    if (!decoder.read(at, pcm)) return std::nullopt;
    extractor.feed(pcm);
  }
  return extractor.finish();
}

}  // namespace tactus::train
