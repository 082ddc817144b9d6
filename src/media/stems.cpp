#include "media/stems.h"

#include <algorithm>
#include <cctype>
#include <cstdint>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

namespace tactus::media {
namespace {

namespace fs = std::filesystem;

constexpr std::array<const char*, 8> kEndings = {".flac", ".wav", ".aiff", ".aif", ".m4a", ".mp3", ".ogg", ".opus"};
constexpr std::array<int, kStemCount> kNativeOrder = {1, 2, 3, 0};  // drums, bass, other, vocals
constexpr std::uint64_t kLargestManifest = 1 << 16;

struct Box {
  std::uint64_t at = 0;  // of its content
  std::uint64_t size = 0;
};

// The first box `type` (ISO 14496-12, 4.2) among those in `within`.
std::optional<Box> find_box(std::ifstream& in, Box within, std::string_view type) {
  std::uint64_t at = within.at;
  const std::uint64_t end = within.at + within.size;
  for (int boxes = 0; boxes < 4096 && at + 8 <= end; ++boxes) {
    std::array<unsigned char, 16> h{};
    in.clear();
    in.seekg(static_cast<std::streamoff>(at));
    if (!in.read(reinterpret_cast<char*>(h.data()), 8)) return {};
    std::uint64_t size = std::uint64_t{h[0]} << 24 | h[1] << 16 | h[2] << 8 | h[3];
    std::uint64_t head = 8;
    if (size == 1) {
      if (!in.read(reinterpret_cast<char*>(h.data() + 8), 8)) return {};
      size = 0;
      for (int i = 8; i < 16; ++i) size = size << 8 | h[static_cast<std::size_t>(i)];
      head = 16;
    }
    if (size == 0) size = end - at;
    if (size < head || size > end - at) return {};
    if (std::string_view(reinterpret_cast<const char*>(h.data()) + 4, 4) == type) return Box{at + head, size - head};
    at += size;
  }
  return {};
}

// The NI manifest inside an MP4, or nothing.
std::optional<std::string> manifest_of(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::error_code error;
  const std::uint64_t bytes = fs::file_size(path, error);
  if (!in || error) return {};
  std::optional<Box> box = Box{0, bytes};
  for (const char* type : {"moov", "udta", "stem"}) {
    box = find_box(in, *box, type);
    if (!box) return {};
  }
  if (box->size > kLargestManifest) return {};
  std::string text(box->size, '\0');
  in.clear();
  in.seekg(static_cast<std::streamoff>(box->at));
  if (!in.read(text.data(), static_cast<std::streamsize>(text.size()))) return {};
  return text;
}

std::string lower(std::string text) {
  std::transform(text.begin(), text.end(), text.begin(), [](unsigned char c) { return std::tolower(c); });
  return text;
}

int role_of(const std::string& name) {
  const std::string n = lower(name);
  const auto has = [&n](const char* word) { return n.find(word) != std::string::npos; };
  if (has("voc") || has("vox") || has("voice") || has("acap")) return 0;
  if (has("drum") || has("perc") || has("kick") || has("beat")) return 1;
  if (has("bass")) return 2;
  return 3;
}

std::optional<StemSet> stems_in_file(const std::string& path, int audio_streams) {
  if (audio_streams != kStemCount + 1) return {};
  const std::optional<std::string> manifest = manifest_of(path);
  const std::string name = lower(fs::path(path).filename().string());
  if (!manifest && !name.ends_with(".stem.mp4") && !name.ends_with(".stem.m4a")) return {};
  const std::array<int, kStemCount> roles = stem_roles(manifest.value_or(""));
  StemSet set;
  set.in_file = true;
  for (int i = 0; i < kStemCount; ++i)
    set.sources[static_cast<std::size_t>(roles[static_cast<std::size_t>(i)])] = {path, i + 1};
  return set;
}

std::optional<StemSet> stems_beside(const std::string& path) {
  const fs::path folder = fs::path(path).replace_extension(".stems");
  std::error_code error;
  if (!fs::is_directory(folder, error)) return {};
  StemSet set;
  bool any = false;
  for (std::size_t i = 0; i < kStemNames.size(); ++i) {
    for (const char* ending : kEndings) {
      const fs::path file = folder / (std::string(kStemNames[i]) + ending);
      if (!fs::is_regular_file(file, error)) continue;
      set.sources[i].path = file.string();
      any = true;
      break;
    }
  }
  return any ? std::optional(set) : std::nullopt;
}

}  // namespace

std::array<int, kStemCount> stem_roles(const std::string& manifest_json) {
  const nlohmann::json manifest = nlohmann::json::parse(manifest_json, nullptr, false);
  if (!manifest.is_object() || !manifest.contains("stems")) return kNativeOrder;
  const nlohmann::json& stems = manifest["stems"];
  if (!stems.is_array() || stems.size() != kStemCount) return kNativeOrder;
  std::array<int, kStemCount> roles{};
  unsigned seen = 0;
  for (std::size_t i = 0; i < kStemCount; ++i) {
    if (!stems[i].is_object() || !stems[i].contains("name") || !stems[i]["name"].is_string()) return kNativeOrder;
    roles[i] = role_of(stems[i]["name"].get<std::string>());
    seen |= 1u << roles[i];
  }
  return seen == 0xF ? roles : kNativeOrder;
}

std::optional<StemSet> find_stems(const std::string& path, int audio_streams) {
  std::optional<StemSet> set = stems_in_file(path, audio_streams);
  return set ? set : stems_beside(path);
}

}  // namespace tactus::media
