#include "media/audio_writer.h"

#include <fcntl.h>
#include <sndfile.h>
#include <taglib/flacfile.h>
#include <taglib/xiphcomment.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <limits>

namespace tactus::media {
namespace {

struct Mark {
  std::int64_t frame;
  std::string name;
};

std::string lower_ending(const std::string& path) {
  std::string ending = std::filesystem::path(path).extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(), [](unsigned char c) { return std::tolower(c); });
  return ending;
}

int sndfile_format(const WriterFormat& f) {
  const int sample = f.sample == SampleFormat::s16   ? SF_FORMAT_PCM_16
                     : f.sample == SampleFormat::s24 ? SF_FORMAT_PCM_24
                                                     : SF_FORMAT_FLOAT;
  return (f.container == Container::flac ? SF_FORMAT_FLAC : SF_FORMAT_RF64) | sample;
}

std::string flac_time(std::int64_t frame, int rate) {
  const std::int64_t ms = frame * 1000 / rate;
  std::array<char, 40> text;
  std::snprintf(text.data(), text.size(), "%02lld:%02lld:%02lld.%03lld", static_cast<long long>(ms / 3600000),
                static_cast<long long>(ms / 60000 % 60), static_cast<long long>(ms / 1000 % 60),
                static_cast<long long>(ms % 1000));
  return text.data();
}

void put_u32(std::string& out, std::uint64_t v) {
  for (int i = 0; i < 4; ++i) out.push_back(static_cast<char>(v >> (8 * i)));
}

// The RIFF chunks 'cue ' (Microsoft/IBM Multimedia Programming Interface 1.0, 1991) and its labels.
std::string cue_chunks(const std::vector<Mark>& marks) {
  std::string cue, labels = "adtl";
  put_u32(cue, marks.size());
  for (std::size_t i = 0; i < marks.size(); ++i) {
    put_u32(cue, i + 1);
    put_u32(cue, static_cast<std::uint64_t>(marks[i].frame));
    cue += "data";
    put_u32(cue, 0);
    put_u32(cue, 0);
    put_u32(cue, static_cast<std::uint64_t>(marks[i].frame));
    labels += "labl";
    put_u32(labels, 4 + marks[i].name.size() + 1);
    put_u32(labels, i + 1);
    labels.append(marks[i].name.c_str(), marks[i].name.size() + 1);
    if (labels.size() % 2 != 0) labels.push_back('\0');
  }
  std::string out = "cue ";
  put_u32(out, cue.size());
  out += cue + "LIST";
  put_u32(out, labels.size());
  return out + labels;
}

}  // namespace

struct AudioWriter::Impl {
  std::string path;
  std::string temporary;
  WriterFormat format;
  int fd = -1;
  int write_errno = 0;  // libsndfile reports a short write without its cause
  SNDFILE* file = nullptr;
  std::int64_t frames = 0;
  std::vector<Mark> marks;
  std::vector<std::int32_t> quantised;
  Status failed;

  ~Impl() {
    if (file != nullptr) sf_close(file);
    if (fd >= 0) ::close(fd);
    if (!temporary.empty()) ::unlink(temporary.c_str());
  }

  Status fail(const std::string& doing) {
    if (failed.ok()) {
      const std::string why = write_errno != 0  ? std::strerror(write_errno)
                              : file != nullptr ? sf_strerror(file)
                                                : std::strerror(errno);
      failed = Error{path, "could not " + doing + ": " + why};
    }
    return failed;
  }

  Status open() {
    // In the same folder, since a rename is atomic only within one file system.
    for (int attempt = 0; fd < 0 && (attempt == 0 || errno == EEXIST) && attempt < 100; ++attempt) {
      temporary = path + "." + std::to_string(::getpid()) + "-" + std::to_string(attempt) + ".part";
      fd = ::open(temporary.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
    }
    if (fd < 0) {
      const int why = errno;
      temporary.clear();
      return Error{path, std::string("could not create the file: ") + std::strerror(why)};
    }

    static SF_VIRTUAL_IO io{
        [](void* self) -> sf_count_t { return ::lseek(static_cast<Impl*>(self)->fd, 0, SEEK_END); },
        [](sf_count_t offset, int whence, void* self) -> sf_count_t {
          return ::lseek(static_cast<Impl*>(self)->fd, offset, whence);
        },
        [](void* data, sf_count_t count, void* self) -> sf_count_t {
          return ::read(static_cast<Impl*>(self)->fd, data, static_cast<std::size_t>(count));
        },
        [](const void* data, sf_count_t count, void* self) -> sf_count_t {
          return static_cast<Impl*>(self)->write_all(static_cast<const char*>(data), count);
        },
        [](void* self) -> sf_count_t { return ::lseek(static_cast<Impl*>(self)->fd, 0, SEEK_CUR); }};
    SF_INFO info{};
    info.samplerate = format.rate;
    info.channels = format.channels;
    info.format = sndfile_format(format);
    file = sf_open_virtual(&io, SFM_WRITE, &info, this);
    if (file == nullptr) return Error{path, std::string("could not start the file: ") + sf_strerror(nullptr)};
    sf_command(file, SFC_RF64_AUTO_DOWNGRADE, nullptr, SF_TRUE);
    sf_command(file, SFC_SET_ADD_PEAK_CHUNK, nullptr, SF_FALSE);  // it holds the time of day
    if (!format.title.empty()) sf_set_string(file, SF_STR_TITLE, format.title.c_str());
    if (!format.artist.empty()) sf_set_string(file, SF_STR_ARTIST, format.artist.c_str());
    return {};
  }

  sf_count_t write_all(const char* data, sf_count_t count) {
    sf_count_t done = 0;
    while (done < count) {
      const ssize_t n = ::write(fd, data + done, static_cast<std::size_t>(count - done));
      if (n < 0 && errno == EINTR) continue;
      if (n <= 0) {
        write_errno = n < 0 ? errno : ENOSPC;
        break;
      }
      done += n;
    }
    return done;
  }

  sf_count_t write_samples(std::span<const float> in) {
    const auto count = static_cast<sf_count_t>(in.size());
    if (format.sample == SampleFormat::f32) return sf_write_float(file, in.data(), count);
    const bool is16 = format.sample == SampleFormat::s16;
    const float scale = is16 ? 32768.0f : 8388608.0f;
    const int shift = is16 ? 16 : 8;  // libsndfile takes the upper bits of 32
    quantised.resize(in.size());
    for (std::size_t i = 0; i < in.size(); ++i) {
      const float x = std::isnan(in[i]) ? 0.0f : std::clamp(in[i] * scale, -scale, scale - 1.0f);
      quantised[i] = static_cast<std::int32_t>(static_cast<std::uint32_t>(std::lrintf(x)) << shift);
    }
    return sf_write_int(file, quantised.data(), count);
  }

  Status finish_flac() {
    TagLib::FLAC::File tags(temporary.c_str(), false);
    if (!tags.isValid()) return fail("write the chapters");
    for (std::size_t i = 0; i < marks.size(); ++i) {
      std::array<char, 40> key;
      std::snprintf(key.data(), key.size(), "CHAPTER%03zu", i + 1);
      auto* comment = tags.xiphComment(true);
      comment->addField(key.data(), TagLib::String(flac_time(marks[i].frame, format.rate)));
      comment->addField(std::string(key.data()) + "NAME", TagLib::String(marks[i].name, TagLib::String::UTF8));
    }
    return tags.save() ? Status{} : fail("write the chapters");
  }

  // libsndfile wants cue points before the audio; a live set learns its own only as it goes.
  Status finish_wav() {
    std::erase_if(marks, [](const Mark& m) { return m.frame > std::numeric_limits<std::uint32_t>::max(); });
    const off_t end = ::lseek(fd, 0, SEEK_END);
    std::string tail(end % 2 != 0 ? 1 : 0, '\0');
    tail += cue_chunks(marks);
    if (write_all(tail.data(), static_cast<sf_count_t>(tail.size())) != static_cast<sf_count_t>(tail.size()))
      return fail("write the cue points");
    const auto riff = static_cast<std::uint64_t>(end) + tail.size() - 8;
    std::array<char, 4> id{};
    std::string size;
    put_u32(size, riff);
    put_u32(size, riff >> 32);
    if (::pread(fd, id.data(), 4, 0) != 4) return fail("reread the header");
    const bool rf64 = std::memcmp(id.data(), "RF64", 4) == 0;
    if (!rf64 && riff > std::numeric_limits<std::uint32_t>::max()) {  // the cues would need a header that isn't there
      return ::ftruncate(fd, end) == 0 ? Status{} : fail("leave out the cue points");
    }
    const ssize_t wanted = rf64 ? 8 : 4;
    if (::pwrite(fd, size.data(), static_cast<std::size_t>(wanted), rf64 ? 20 : 4) != wanted)
      return fail("write the header");
    return {};
  }
};

AudioWriter::AudioWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
AudioWriter::AudioWriter(AudioWriter&&) noexcept = default;
AudioWriter& AudioWriter::operator=(AudioWriter&&) noexcept = default;
AudioWriter::~AudioWriter() = default;

Result<Container> AudioWriter::container_of(const std::string& path) {
  const std::string ending = lower_ending(path);
  if (ending == ".wav") return Container::wav;
  if (ending == ".flac") return Container::flac;
  return Error{path, "audio is written as .wav or .flac, not \"" + ending + "\""};
}

Result<AudioWriter> AudioWriter::create(const std::string& path, const WriterFormat& format) {
  if (format.rate < 8000 || format.rate > 192000) return Error{path, "the rate must be 8000 to 192000 Hz"};
  if (format.channels < 1 || format.channels > 8) return Error{path, "1 to 8 channels can be written"};
  if (format.container == Container::flac && format.sample == SampleFormat::f32)
    return Error{path, "FLAC holds whole numbers only: use 16 or 24 bits"};
  auto impl = std::make_unique<Impl>();
  impl->path = path;
  impl->format = format;
  if (Status s = impl->open(); !s.ok()) return s.error();
  return AudioWriter(std::move(impl));
}

Status AudioWriter::write(std::span<const float> interleaved) {
  Impl& w = *impl_;
  if (!w.failed.ok()) return w.failed;
  const auto channels = static_cast<std::size_t>(w.format.channels);
  if (interleaved.size() % channels != 0) return Error{w.path, "a partial frame was given"};
  const std::size_t step = 8192 * channels;
  for (std::size_t at = 0; at < interleaved.size(); at += step) {
    const auto part = interleaved.subspan(at, std::min(step, interleaved.size() - at));
    if (w.write_samples(part) != static_cast<sf_count_t>(part.size()) || w.write_errno != 0)
      return w.fail("write the audio");
    w.frames += static_cast<std::int64_t>(part.size() / channels);
  }
  return {};
}

void AudioWriter::mark(std::int64_t frame, const std::string& name) { impl_->marks.push_back({frame, name}); }

Status AudioWriter::finish() {
  Impl& w = *impl_;
  if (!w.failed.ok()) return w.failed;
  const int closed = sf_close(w.file);
  w.file = nullptr;
  if (closed != 0 || w.write_errno != 0) return w.fail("complete the file");
  if (!w.marks.empty()) {
    std::stable_sort(w.marks.begin(), w.marks.end(), [](const Mark& a, const Mark& b) { return a.frame < b.frame; });
    const Status s = w.format.container == Container::flac ? w.finish_flac() : w.finish_wav();
    if (!s.ok()) return s;
  }
  if (::fsync(w.fd) != 0) return w.fail("sync the file");
  if (::rename(w.temporary.c_str(), w.path.c_str()) != 0) return w.fail("put the file in its place");
  w.temporary.clear();
  return {};
}

std::int64_t AudioWriter::frames() const noexcept { return impl_->frames; }

Status write_file(const std::string& path, const WriterFormat& format, std::span<const float> interleaved) {
  Result<AudioWriter> writer = AudioWriter::create(path, format);
  if (!writer) return writer.error();
  if (Status s = writer->write(interleaved); !s.ok()) return s;
  return writer->finish();
}

}  // namespace tactus::media
