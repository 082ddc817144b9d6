#include "media/source_file.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <atomic>
#include <cerrno>
#include <cstring>
#include <string_view>

extern "C" {
#include <libavformat/avformat.h>
}

namespace tactus::media {
namespace {

// No playlists, no protocols, no video-first containers: each demuxer less is attack surface less.
constexpr std::array<std::string_view, 9> kDemuxers = {
    "mp3", "aac", "mov,mp4,m4a,3gp,3g2,mj2", "flac", "wav", "w64", "aiff", "ogg", "caf"};
constexpr const char* kDecoders =
    "mp3float,mp3,aac,alac,flac,vorbis,opus,pcm_s8,pcm_u8,pcm_s16le,pcm_s16be,pcm_s24le,pcm_s24be,pcm_s32le,pcm_s32be,"
    "pcm_f32le,pcm_f32be,pcm_f64le,pcm_f64be,pcm_alaw,pcm_mulaw";
constexpr int kIoBuffer = 64 * 1024;
std::atomic<std::uint64_t> g_bytes_read{0};

std::string av_text(int code) {
  std::array<char, AV_ERROR_MAX_STRING_SIZE> text{};
  av_strerror(code, text.data(), text.size());
  return text.data();
}

// Tags come from strangers: whatever is no UTF-8 becomes '?', and the length is bounded at a character's start.
std::string clean_utf8(std::string_view in) {
  std::string out;
  for (std::size_t i = 0; i < in.size() && out.size() < 496;) {
    const auto lead = static_cast<unsigned char>(in[i]);
    const std::size_t length = lead < 0x80                   ? 1
                               : lead >= 0xF0 && lead < 0xF5 ? 4
                               : lead >= 0xE0                ? 3
                               : lead >= 0xC2                ? 2
                                                             : 0;
    bool good = length != 0 && lead < 0xF5 && i + length <= in.size();
    for (std::size_t k = 1; good && k < length; ++k) good = (static_cast<unsigned char>(in[i + k]) & 0xC0) == 0x80;
    if (good && lead >= 0x20) {
      out.append(in.substr(i, length));
    } else {
      out.push_back(good ? ' ' : '?');
    }
    i += good ? length : 1;
  }
  return out;
}

}  // namespace

Result<int> open_regular_file(const std::string& path) {
  // O_NONBLOCK: opening a pipe that nobody writes to would wait for ever.
  const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC | O_NONBLOCK);
  if (fd < 0) return Error{path, errno == ENOENT ? "there is no such file" : std::strerror(errno)};
  struct stat st {};
  const char* cause = nullptr;
  if (::fstat(fd, &st) != 0) {
    cause = "its size can't be read";
  } else if (S_ISDIR(st.st_mode)) {
    cause = "it is a folder";
  } else if (!S_ISREG(st.st_mode)) {
    cause = "it is a pipe or a device, not a file";
  } else if (st.st_size == 0) {
    cause = "the file is empty";
  }
  if (cause == nullptr) return fd;
  ::close(fd);
  return Error{path, cause};
}

std::uint64_t source_bytes_read() noexcept { return g_bytes_read.load(std::memory_order_relaxed); }

SourceFile::Io::~Io() {
  if (fd >= 0) ::close(fd);
}

int SourceFile::read_packet(void* self, unsigned char* to, int size) {
  Io& io = *static_cast<Io*>(self);
  const ssize_t n = ::pread(io.fd, to, static_cast<std::size_t>(size), io.at);
  if (n < 0) return AVERROR(io.failed = errno);
  if (n == 0) return AVERROR_EOF;
  io.at += n;
  g_bytes_read.fetch_add(static_cast<std::uint64_t>(n), std::memory_order_relaxed);
  return static_cast<int>(n);
}

std::int64_t SourceFile::seek(void* self, std::int64_t offset, int whence) {
  Io& io = *static_cast<Io*>(self);
  if (whence == AVSEEK_SIZE) return io.bytes;
  const std::int64_t base = whence == SEEK_CUR ? io.at : whence == SEEK_END ? io.bytes : 0;
  if (base + offset < 0) return AVERROR(EINVAL);
  return io.at = base + offset;
}

Result<SourceFile> SourceFile::open(const std::string& path, int audio_stream, Edits edits) {
  av_log_set_level(AV_LOG_QUIET);
  Result<int> fd = open_regular_file(path);
  if (!fd) return fd.error();
  SourceFile f;
  f.io_ = std::make_unique<Io>();
  f.io_->fd = fd.value();
  f.io_->bytes = f.bytes_ = ::lseek(fd.value(), 0, SEEK_END);

  auto* buffer = static_cast<unsigned char*>(av_malloc(kIoBuffer));
  // A disk that fails says nothing of the file.
  const auto wrong = [&f, &path](std::string cause) {
    const std::string why = f.read_error();
    return Error{path, why.empty() ? std::move(cause) : "it can't be read: " + why};
  };
  f.avio_ = avio_alloc_context(buffer, kIoBuffer, 0, f.io_.get(), &read_packet, nullptr, &seek);
  // Recognised by content alone: the name is the user's, and may be wrong.
  const AVInputFormat* format = nullptr;
  if (av_probe_input_buffer2(f.avio_, &format, "", nullptr, 0, 0) < 0 || format == nullptr)
    return wrong("it is no audio file that Tactus can read");
  if (std::find(kDemuxers.begin(), kDemuxers.end(), format->name) == kDemuxers.end())
    return Error{path, std::string("it is not music but ") + (format->long_name ? format->long_name : format->name)};

  f.context_ = avformat_alloc_context();
  f.context_->pb = f.avio_;
  AVDictionary* options = nullptr;
  av_dict_set(&options, "codec_whitelist", kDecoders, 0);
  if (edits == Edits::ignored) av_dict_set(&options, "ignore_editlist", "1", 0);
  int rc = avformat_open_input(&f.context_, nullptr, format, &options);
  av_dict_free(&options);
  if (rc < 0) return wrong("the file is damaged or cut short (" + av_text(rc) + ")");

  for (unsigned i = 0; i < f.context_->nb_streams; ++i) {
    AVStream* s = f.context_->streams[i];
    s->discard = AVDISCARD_ALL;
    if (s->codecpar->codec_type != AVMEDIA_TYPE_AUDIO) continue;
    const int n = f.audio_streams_++;
    const bool wanted = audio_stream >= 0
                            ? n == audio_stream
                            : f.stream_ == nullptr || ((s->disposition & AV_DISPOSITION_DEFAULT) != 0 &&
                                                       (f.stream_->disposition & AV_DISPOSITION_DEFAULT) == 0);
    if (wanted) f.stream_ = s;
  }
  if (f.stream_ == nullptr)
    return Error{path, f.audio_streams_ == 0 ? "it holds no audio" : "it has no such audio stream"};
  f.stream_->discard = AVDISCARD_DEFAULT;
  if (edits == Edits::ignored) return f;
  rc = avformat_find_stream_info(f.context_, nullptr);
  if (rc < 0) return wrong("the file is damaged or cut short (" + av_text(rc) + ")");
  return f;
}

SourceFile::SourceFile(SourceFile&& other) noexcept { *this = std::move(other); }

SourceFile& SourceFile::operator=(SourceFile&& other) noexcept {
  std::swap(io_, other.io_);
  std::swap(avio_, other.avio_);
  std::swap(context_, other.context_);
  std::swap(stream_, other.stream_);
  std::swap(audio_streams_, other.audio_streams_);
  std::swap(bytes_, other.bytes_);
  return *this;
}

SourceFile::~SourceFile() {
  avformat_close_input(&context_);
  if (avio_ != nullptr) {
    av_freep(&avio_->buffer);  // libavformat may have replaced the buffer that open() allocated
    avio_context_free(&avio_);
  }
}

std::string SourceFile::read_error() const { return io_->failed == 0 ? std::string() : std::strerror(io_->failed); }

std::string SourceFile::tag(const char* key) const {
  const AVDictionaryEntry* entry = av_dict_get(context_->metadata, key, nullptr, 0);
  if (entry == nullptr) entry = av_dict_get(stream_->metadata, key, nullptr, 0);
  return entry == nullptr ? std::string() : clean_utf8(entry->value);
}

std::vector<unsigned char> SourceFile::peek(std::int64_t offset, std::size_t size) const {
  std::vector<unsigned char> out(size);
  const ssize_t n = ::pread(io_->fd, out.data(), size, offset);
  out.resize(n < 0 ? 0 : static_cast<std::size_t>(n));
  return out;
}

}  // namespace tactus::media
