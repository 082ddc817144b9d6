#include "media/source_decoder.h"

#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <vector>

extern "C" {
#include <libavcodec/avcodec.h>
#include <libavformat/avformat.h>
}

#include "media/fold.h"
#include "media/source_file.h"
#include "media/stated_length.h"

namespace tactus::media {
namespace {

constexpr std::int64_t kHistory = 32768;        // frames kept behind the last read
constexpr std::int64_t kForward = 65536;        // a jump ahead by less is cheaper decoded than sought
constexpr int kMaxErrors = 2000;                // damaged packets in a row before giving up on a file
constexpr std::int64_t kMaxFrames = 1ll << 34;  // 24 hours at 192 kHz

struct PacketFree {
  void operator()(AVPacket* p) const { av_packet_free(&p); }
};
struct FrameFree {
  void operator()(AVFrame* f) const { av_frame_free(&f); }
};
struct CodecFree {
  void operator()(AVCodecContext* c) const { avcodec_free_context(&c); }
};

// How a codec may be entered in the middle.
struct Entry {
  bool restarts;         // keeps state for ever: decode afresh from fixed frames
  std::int64_t preroll;  // frames
  std::int64_t slack;    // how much too late the time stamp of a single packet may be, frames
};

Entry entry_of(AVCodecID id) {
  switch (id) {
    case AV_CODEC_ID_FLAC:
    case AV_CODEC_ID_ALAC:
      return {false, 0, 0};
    // The bit reservoir reaches 511 bytes back (ISO 11172-3, main_data_begin): 64 packets at the lowest rates.
    case AV_CODEC_ID_MP3:
      return {false, 64 * 576, 0};
    // The overlap of the largest block, twice. Where a long block turns into a short one, libavformat books the
    // packet's length on the wrong neighbour, and one stamp is late.
    case AV_CODEC_ID_VORBIS:
      return {false, 4 * 8192, 8192};
    case AV_CODEC_ID_OPUS:
      return {true, 24000, 0};  // RFC 7845 asks for 3840 at least
    case AV_CODEC_ID_AAC:
      return {true, 16 * 2048, 0};
    default:
      break;
  }
  const bool pcm = id >= AV_CODEC_ID_PCM_S16LE && id < AV_CODEC_ID_ADPCM_IMA_QT;
  return pcm ? Entry{false, 0, 0} : Entry{true, 65536, 0};
}

std::string minutes(std::int64_t frames, int rate) {
  const std::int64_t s = frames / std::max(1, rate);
  std::array<char, 32> text;
  std::snprintf(text.data(), text.size(), "%lld:%02d", static_cast<long long>(s / 60), static_cast<int>(s % 60));
  return text.data();
}

}  // namespace

struct SourceDecoder::Impl {
  std::string path;
  int audio_stream = -1;
  SourceInfo info;
  SourceFile file;
  std::unique_ptr<AVCodecContext, CodecFree> codec;
  std::unique_ptr<AVPacket, PacketFree> packet{av_packet_alloc()};
  std::unique_ptr<AVFrame, FrameFree> frame{av_frame_alloc()};
  Entry entry{};
  bool exact_stamps = false;  // time stamps name frames exactly
  bool origin_known = false;
  std::int64_t origin = 0;  // time stamp of frame 0, in frames
  bool draining = false;
  bool ended = false;
  bool can_enter = true;               // false: entering the file in its middle has failed once
  std::int64_t run_start = 0;          // the frame from which the present codec's output is used
  std::int64_t feed_from = INT64_MIN;  // packets before this frame are not decoded

  std::vector<float> buffer;  // stereo, frames [start, end)
  std::int64_t start = 0;
  std::int64_t end = 0;
  std::int64_t flow = 0;       // where the codec's next output belongs if time stamps go on
  std::vector<float> decoded;  // what came from the codec last

  explicit Impl(SourceFile f) : file(std::move(f)) {}

  // --- opening ---

  Status open_codec() {
    const AVCodecParameters* par = file.stream()->codecpar;
    const AVCodec* found = avcodec_find_decoder(par->codec_id);
    if (found == nullptr)
      return Error{path, std::string("its codec (") + avcodec_get_name(par->codec_id) + ") is not supported"};
    codec.reset(avcodec_alloc_context3(found));
    avcodec_parameters_to_context(codec.get(), par);
    codec->pkt_timebase = file.stream()->time_base;
    codec->thread_count = 1;
    if (avcodec_open2(codec.get(), found, nullptr) < 0)
      return Error{path, std::string("its ") + found->name + " stream can't be opened"};
    draining = ended = false;
    return {};
  }

  void clear_to(std::int64_t at) {
    buffer.clear();
    start = end = flow = at;
  }

  // From the file's first packet, with everything fresh.
  Status rewind() {
    Result<SourceFile> again = SourceFile::open(path, audio_stream);
    if (!again) return again.error();
    file = std::move(again).value();
    feed_from = INT64_MIN;
    run_start = 0;
    clear_to(0);
    return open_codec();
  }

  // The length by reading every packet, undecoded: for files whose headers don't state it.
  Status count_frames() {
    Result<SourceFile> scan = SourceFile::open(path, audio_stream);
    if (!scan) return scan.error();
    const AVStream* s = scan->stream();
    std::int64_t ticks = 0;
    while (av_read_frame(scan->context(), packet.get()) >= 0) {
      if (packet->stream_index == s->index) ticks += packet->duration;
      av_packet_unref(packet.get());
    }
    info.frames = av_rescale_q(ticks, s->time_base, {1, info.rate});
    return {};
  }

  // FLAC states its length, but not its bytes: see whether the last packet is there.
  Status check_flac_end() {
    Result<SourceFile> tail = SourceFile::open(path, audio_stream);
    if (!tail) return tail.error();
    const AVStream* s = tail->stream();
    std::int64_t reached = 0;
    const std::int64_t last = av_rescale_q(info.frames - 1, {1, info.rate}, s->time_base);
    if (av_seek_frame(tail->context(), s->index, last, AVSEEK_FLAG_BACKWARD) >= 0) {
      while (av_read_frame(tail->context(), packet.get()) >= 0) {
        reached = std::max(reached, packet->pts + packet->duration);
        av_packet_unref(packet.get());
      }
    }
    return ended_at(av_rescale_q(reached, s->time_base, {1, info.rate}), tail.value());
  }

  // An MP4's edit list counts in coarse ticks, often milliseconds. Where it ends within one of the media itself, which
  // counts in frames, it means the media's end.
  Status settle_mp4_length() {
    const Result<SourceFile> unedited = SourceFile::open(path, audio_stream, Edits::ignored);
    if (!unedited) return unedited.error();
    const AVStream* s = unedited->stream();
    const AVIndexEntry* first = avformat_index_get_entry(file.stream(), 0);
    if (first == nullptr || s->duration == AV_NOPTS_VALUE) return {};
    const std::int64_t media_end = av_rescale_q(s->duration + first->timestamp, s->time_base, {1, info.rate});
    if (std::abs(media_end - info.frames) <= info.rate / 500) info.frames = media_end;
    return {};
  }

  // Whether there is audio up to about the end in `from`, of which no more came after `frames`.
  Status ended_at(std::int64_t frames, const SourceFile& from) const {
    if (frames + info.rate / 2 >= info.frames) return {};
    if (const std::string why = from.read_error(); !why.empty())
      return Error{path, "it can't be read on from " + minutes(frames, info.rate) + ": " + why};
    return Error{path, "the file is cut short or damaged: it ends at " + minutes(frames, info.rate) + " of " +
                           minutes(info.frames, info.rate)};
  }

  Status open() {
    if (Status s = open_codec(); !s.ok()) return s;
    const AVStream* s = file.stream();
    entry = entry_of(s->codecpar->codec_id);
    info.codec = avcodec_get_name(s->codecpar->codec_id);
    info.audio_streams = file.audio_streams();
    info.title = file.tag("title");
    info.artist = file.tag("artist");
    if (info.artist.empty()) info.artist = file.tag("author");  // AIFF
    if (Status first = decode_first(); !first.ok()) return first;
    const StatedLength stated = stated_length(file, info.rate);
    if (!stated.cut_short.empty()) return Error{path, stated.cut_short};
    info.frames = stated.frames;
    if (info.frames < 0) {
      if (Status counted = count_frames(); !counted.ok()) return counted;
    }
    if (info.frames <= 0 || info.frames > kMaxFrames) return Error{path, "it has no length that makes sense"};
    const std::string_view format = file.context()->iformat->name;
    if (format == "flac") return check_flac_end();
    return format.starts_with("mov") ? settle_mp4_length() : Status{};
  }

  // The first frame settles the rate (AAC's header may state half of it), the channels and the origin.
  Status decode_first() {
    clear_to(0);
    if (!receive()) {
      const std::string why = file.read_error();
      return Error{path, why.empty() ? "it holds no audio that can be decoded" : "it can't be read: " + why};
    }
    info.rate = frame->sample_rate;
    info.channels = frame->ch_layout.nb_channels;
    if (info.rate < 8000 || info.rate > 192000)
      return Error{path, "its rate of " + std::to_string(info.rate) + " Hz is outside 8000 to 192000"};
    const AVRational tb = file.stream()->time_base;
    const std::int64_t ticks_rate = static_cast<std::int64_t>(tb.num) * info.rate;
    exact_stamps = ticks_rate > 0 && (ticks_rate % tb.den == 0 || tb.den % ticks_rate == 0) &&
                   frame->best_effort_timestamp != AV_NOPTS_VALUE;
    if (exact_stamps) origin = stamp_of(frame->best_effort_timestamp);
    info.frames = kMaxFrames;
    if (!take_frame()) return Error{path, "its sample format or channel layout is not supported"};
    return {};
  }

  // --- decoding ---

  std::int64_t stamp_of(std::int64_t ts) const { return av_rescale_q(ts, file.stream()->time_base, {1, info.rate}); }

  // One decoded frame into `frame`; false at the end of the file or when nothing more can be decoded.
  bool receive() {
    for (int errors = 0; errors < kMaxErrors;) {
      const int rc = avcodec_receive_frame(codec.get(), frame.get());
      if (rc == 0) return true;
      if (rc == AVERROR_EOF || draining) return false;
      if (rc != AVERROR(EAGAIN)) ++errors;
      if (!send_packet()) ++errors;
    }
    return false;
  }

  bool send_packet() {
    for (;;) {
      if (av_read_frame(file.context(), packet.get()) < 0) {
        draining = true;
        avcodec_send_packet(codec.get(), nullptr);
        return true;
      }
      const bool wanted =
          packet->stream_index == file.stream()->index &&
          (feed_from == INT64_MIN || packet->pts == AV_NOPTS_VALUE || stamp_of(packet->pts) - origin >= feed_from);
      const int rc = wanted ? avcodec_send_packet(codec.get(), packet.get()) : 0;
      av_packet_unref(packet.get());
      if (wanted) return rc >= 0;
    }
  }

  // Appends `frame` at its place.
  bool take_frame() {
    decoded.clear();
    if (!add_decoded()) return false;
    std::int64_t at = flow;
    if (exact_stamps && frame->best_effort_timestamp != AV_NOPTS_VALUE) {
      at = stamp_of(frame->best_effort_timestamp) - origin;
      if (std::abs(at - flow) <= entry.slack) at = flow;
    }
    place(at);
    return true;
  }

  // `frame` behind what `decoded` holds.
  bool add_decoded() { return frame->sample_rate == info.rate && append_stereo(*frame, decoded); }

  // Appends `decoded`, which belongs at frame `at`: a gap becomes silence, an overlap is dropped.
  void place(std::int64_t at) {
    const auto count = static_cast<std::int64_t>(decoded.size() / 2);
    const std::int64_t limit = append_limit();
    flow = at + count;
    if (at > end) {
      const std::int64_t gap = std::min(std::min(at, limit) - end, static_cast<std::int64_t>(info.rate) * 10);
      buffer.resize(buffer.size() + static_cast<std::size_t>(2 * gap));
      end += gap;
      at = end;
    }
    const std::int64_t skip = end - at;
    const std::int64_t keep = std::min(count, limit - at) - skip;
    if (keep > 0) {
      buffer.insert(buffer.end(), decoded.begin() + 2 * skip, decoded.begin() + 2 * (skip + keep));
      end += keep;
    }
  }

  bool restarts() const { return entry.restarts && exact_stamps && can_enter; }
  std::int64_t next_restart() const { return (end / kRestart + 1) * kRestart; }
  std::int64_t append_limit() const { return restarts() ? std::min(info.frames, next_restart()) : info.frames; }

  bool decode_more() {
    if (ended) return false;
    if (!receive() || !take_frame()) {
      ended = true;
      return false;
    }
    return true;
  }

  // --- jumping ---

  // Enters the file ahead of `at` by a pre-roll. Gives the frame at which what it leaves in `decoded` belongs; nothing
  // when the file can't be entered there.
  std::optional<std::int64_t> enter(std::int64_t at, std::int64_t preroll) {
    const std::int64_t from = at - preroll;
    if (from <= 0 || !exact_stamps || !can_enter || !open_codec().ok()) return {};
    AVStream* s = file.stream();
    const std::int64_t ts = av_rescale_q(from + origin, {1, info.rate}, s->time_base);
    if (av_seek_frame(file.context(), s->index, ts, AVSEEK_FLAG_BACKWARD) < 0) return {};
    // Which packet a search lands on may depend on earlier searches; which one is decoded first must not.
    feed_from = entry.restarts ? from : INT64_MIN;
    decoded.clear();
    std::optional<std::int64_t> landed;
    do {
      if (!receive()) return {};
      const auto before = static_cast<std::int64_t>(decoded.size() / 2);
      if (frame->best_effort_timestamp == AV_NOPTS_VALUE && !landed) continue;
      if (frame->best_effort_timestamp != AV_NOPTS_VALUE) {
        // A late stamp among several shows: the others say an earlier place for the first frame.
        const std::int64_t place_of_first = stamp_of(frame->best_effort_timestamp) - origin - before;
        landed = std::min(landed.value_or(place_of_first), place_of_first);
      }
      if (!add_decoded()) return {};
    } while (!landed || static_cast<std::int64_t>(decoded.size() / 2) <= 2 * entry.slack);
    if (*landed > (preroll == 0 ? at : at - preroll / 2)) return {};
    return landed;
  }

  Status jump(std::int64_t at) {
    for (const std::int64_t factor : {1, 4}) {
      const std::optional<std::int64_t> landed = enter(at, entry.preroll * factor);
      if (!landed) continue;
      if (end != at || !restarts()) clear_to(at);  // linear reading of a codec that restarts goes on where it is
      run_start = at;
      place(*landed);
      return {};
    }
    if (entry.restarts && at > 0) can_enter = false;  // else linear reading would come back here for ever
    return rewind();
  }

  // Makes frame `at` the next one to come or part of the buffer.
  Status reach(std::int64_t at) {
    const bool behind = at < start;
    const bool far = at > end + kForward;
    if (!behind && !far) return {};
    return jump(restarts() ? at / kRestart * kRestart : at);
  }

  void trim() {
    const std::int64_t drop = end - kHistory - start;
    if (drop < kHistory) return;
    buffer.erase(buffer.begin(), buffer.begin() + 2 * drop);
    start += drop;
  }

  Status read(std::int64_t from, float* to, std::int64_t count) {
    while (count > 0) {
      if (Status s = reach(from); !s.ok()) return s;
      while (end <= from && !ended) {
        if (restarts() && end > 0 && end % kRestart == 0 && end != run_start) {
          if (Status s = jump(end); !s.ok()) return s;
        } else if (!decode_more()) {
          break;
        }
        trim();
      }
      if (end <= from) {
        std::fill(to, to + 2 * count, 0.0f);
        return ended_at(end, file);
      }
      const std::int64_t n = std::min(count, end - from);
      std::copy_n(buffer.begin() + 2 * (from - start), 2 * n, to);
      to += 2 * n;
      from += n;
      count -= n;
    }
    return {};
  }
};

SourceDecoder::SourceDecoder(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
SourceDecoder::SourceDecoder(SourceDecoder&&) noexcept = default;
SourceDecoder& SourceDecoder::operator=(SourceDecoder&&) noexcept = default;
SourceDecoder::~SourceDecoder() = default;

Result<SourceDecoder> SourceDecoder::open(const std::string& path, int audio_stream) {
  Result<SourceFile> file = SourceFile::open(path, audio_stream);
  if (!file) return file.error();
  auto impl = std::make_unique<Impl>(std::move(file).value());
  impl->path = path;
  impl->audio_stream = audio_stream;
  if (Status s = impl->open(); !s.ok()) return s.error();
  return SourceDecoder(std::move(impl));
}

const SourceInfo& SourceDecoder::info() const noexcept { return impl_->info; }

Status SourceDecoder::read(std::int64_t from, std::span<float> stereo) {
  auto count = static_cast<std::int64_t>(stereo.size() / 2);
  float* to = stereo.data();
  const std::int64_t before = std::clamp<std::int64_t>(-from, 0, count);
  std::fill_n(to, 2 * before, 0.0f);
  const std::int64_t inside = std::clamp<std::int64_t>(impl_->info.frames - (from + before), 0, count - before);
  std::fill_n(to + 2 * (before + inside), 2 * (count - before - inside), 0.0f);
  return inside > 0 ? impl_->read(from + before, to + 2 * before, inside) : Status{};
}

}  // namespace tactus::media
