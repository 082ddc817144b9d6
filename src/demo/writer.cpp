#include "demo/writer.h"

#include <signal.h>
#include <taglib/flacfile.h>
#include <taglib/xiphcomment.h>
#include <unistd.h>

#include <cmath>
#include <cstdlib>
#include <fstream>

#include "demo/truth.h"
#include "media/audio_writer.h"

namespace tactus::demo {
namespace {

namespace fs = std::filesystem;
using nlohmann::json;

media::Error error_of(const fs::path& path, const std::string& doing, const std::error_code& why) {
  return {path.string(), "could not " + doing + ": " + why.message()};
}

// A hidden folder inside the crate, named for the song and our process, gone when we are.
class Workshop {
 public:
  Workshop(const fs::path& crate, int number) : prefix_(".making-" + std::to_string(number) + "-") {
    std::error_code ignored;
    sweep(crate);
    path_ = crate / (prefix_ + std::to_string(::getpid()));
    fs::create_directories(path_, ignored);
  }
  ~Workshop() {
    std::error_code ignored;
    fs::remove_all(path_, ignored);
  }
  Workshop(const Workshop&) = delete;
  Workshop& operator=(const Workshop&) = delete;
  const fs::path& path() const { return path_; }

 private:
  // What a killed process of ours left behind.
  void sweep(const fs::path& crate) const {
    std::error_code ignored;
    std::vector<fs::path> stale;
    for (const auto& entry : fs::directory_iterator(crate, ignored)) {
      const std::string name = entry.path().filename().string();
      if (!name.starts_with(prefix_)) continue;
      const auto pid = static_cast<pid_t>(std::atoi(name.c_str() + prefix_.size()));
      if (pid <= 0 || pid == ::getpid() || (::kill(pid, 0) != 0 && errno == ESRCH)) stale.push_back(entry.path());
    }
    for (const fs::path& p : stale) fs::remove_all(p, ignored);
  }
  std::string prefix_;
  fs::path path_;
};

media::Status tag(const fs::path& path, const Song& song) {
  TagLib::FLAC::File file(path.c_str(), false);
  if (!file.isValid()) return media::Error{path.string(), "could not be tagged"};
  auto* comment = file.xiphComment(true);
  const auto set = [&](const char* name, const std::string& value) {
    comment->addField(name, TagLib::String(value, TagLib::String::UTF8), true);
  };
  char bpm[32];
  std::snprintf(bpm, sizeof bpm, "%g", song.bpm);
  set("TITLE", song.title);
  set("ARTIST", song.artist);
  set("ALBUM", "Tactus Demo Crate");
  set("TRACKNUMBER", std::to_string(song.number));
  set("GENRE", song.genre);
  set("BPM", bpm);
  set("INITIALKEY", song.key.tag());
  if (!file.save()) return media::Error{path.string(), "could not be tagged"};
  return {};
}

// The whole numbers that the files will hold, as floats: then their sum in whole numbers is what the mix's file holds.
void round_to(std::vector<float>& samples, int bits) {
  const float scale = std::ldexp(1.0f, bits - 1);
  for (float& v : samples) v = std::nearbyint(v * scale) / scale;
}

media::Status write_audio(const fs::path& folder, const Song& song, Rendered& r,
                          const std::function<void(double)>& progress, const std::atomic<bool>* cancel) {
  media::WriterFormat format{.rate = r.rate,
                             .container = media::Container::flac,
                             .sample = song.bits == 16 ? media::SampleFormat::s16 : media::SampleFormat::s24};
  for (auto& s : r.stems) round_to(s, song.bits);
  std::vector<media::AudioWriter> writers;
  for (int i = 0; i <= kStems; ++i) {
    const fs::path path = i < kStems
                              ? folder / "stems" / (std::string(kStemNames[static_cast<std::size_t>(i)]) + ".flac")
                              : folder / "mix.flac";
    auto writer = media::AudioWriter::create(path.string(), format);
    if (!writer) return writer.error();
    writers.push_back(std::move(writer.value()));
  }
  constexpr std::size_t kChunk = 1 << 16;
  std::vector<float> mix;
  const std::size_t size = r.stems[0].size();
  for (std::size_t at = 0; at < size; at += kChunk) {
    if (cancel != nullptr && cancel->load(std::memory_order_relaxed)) return media::Error{folder.string(), "cancelled"};
    const std::size_t n = std::min(kChunk, size - at);
    mix.assign(n, 0.0f);
    for (std::size_t s = 0; s < kStems; ++s) {
      const std::span<const float> part(r.stems[s].data() + at, n);
      for (std::size_t i = 0; i < n; ++i) mix[i] += part[i];
      if (auto status = writers[s].write(part); !status.ok()) return status;
    }
    if (auto status = writers[kStems].write(mix); !status.ok()) return status;
    progress(static_cast<double>(at) / static_cast<double>(size));
  }
  for (auto& w : writers)
    if (auto status = w.finish(); !status.ok()) return status;
  return tag(folder / "mix.flac", song);
}

// The truth goes first and comes last: while it is missing, nobody takes the track for complete.
media::Status move_in(const fs::path& workshop, const Places& to, const json& truth) {
  std::error_code e;
  fs::remove(to.truth, e);
  fs::remove_all(to.stems, e);
  if (e) return error_of(to.stems, "remove the old stems", e);
  fs::rename(workshop / "stems", to.stems, e);
  if (e) return error_of(to.stems, "put the stems in their place", e);
  fs::rename(workshop / "mix.flac", to.audio, e);
  if (e) return error_of(to.audio, "put the track in its place", e);
  return write_text(to.truth, truth.dump(2) + "\n");
}

}  // namespace

Places places(const fs::path& folder, const Song& song) {
  const std::string name = song.file_stem();
  return {folder / (name + ".flac"), folder / (name + ".stems"), folder / (name + ".truth.json")};
}

bool complete(const Places& at, const Song& song, const Cut& cut, json& truth) {
  std::ifstream in(at.truth);
  if (!in) return false;
  truth = json::parse(in, nullptr, false);
  if (!truth.is_object()) return false;
  const json want{{"rate", cut.rate}, {"first_bar", cut.first_bar}, {"bars", cut.bars}};
  if (truth.value("crate_version", 0) != kCrateVersion || truth.value("title", "") != song.title ||
      truth.value("cut", json{}) != want || !truth.contains("bytes"))
    return false;
  for (int i = 0; i <= kStems; ++i) {
    const fs::path path = i < kStems ? at.stem(i) : at.audio;
    std::error_code e;
    const auto size = fs::file_size(path, e);
    if (e ||
        truth["bytes"].value(i < kStems ? kStemNames[static_cast<std::size_t>(i)] : "mix", std::uintmax_t{0}) != size)
      return false;
  }
  return true;
}

media::Status write_song(const fs::path& folder, const Song& song, const Cut& cut, Rendered& rendered,
                         const Loudness& loudness, const std::function<void(double)>& progress,
                         const std::atomic<bool>* cancel) {
  const Workshop workshop(folder, song.number);
  std::error_code e;
  fs::create_directories(workshop.path() / "stems", e);
  if (e) return error_of(workshop.path(), "create the folder", e);
  if (auto status = write_audio(workshop.path(), song, rendered, progress, cancel); !status.ok()) return status;

  const Places to = places(folder, song);
  json truth = truth_of(song, rendered, cut.first_bar, loudness);
  truth["cut"] = {{"rate", cut.rate}, {"first_bar", cut.first_bar}, {"bars", cut.bars}};
  truth["audio"] = to.audio.filename().string();
  for (int i = 0; i < kStems; ++i) {
    const char* name = kStemNames[static_cast<std::size_t>(i)];
    truth["stems"][name] = (to.stems.filename() / (std::string(name) + ".flac")).generic_string();
    truth["bytes"][name] = fs::file_size(workshop.path() / "stems" / (std::string(name) + ".flac"), e);
  }
  truth["bytes"]["mix"] = fs::file_size(workshop.path() / "mix.flac", e);
  return move_in(workshop.path(), to, truth);
}

media::Status write_text(const fs::path& path, const std::string& text) {
  const fs::path temporary = path.string() + "." + std::to_string(::getpid()) + ".part";
  {
    std::ofstream out(temporary, std::ios::binary);
    out << text;
    out.close();
    if (!out) return media::Error{path.string(), "could not be written"};
  }
  std::error_code e;
  fs::rename(temporary, path, e);
  return e ? media::Status(error_of(path, "put the file in its place", e)) : media::Status();
}

}  // namespace tactus::demo
