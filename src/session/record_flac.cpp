// FLAC by libFLAC, which writes a frame as soon as it has 4,096 samples: a file cut anywhere decodes up to its last
// whole frame (a total of 0 samples in its header means "not known", until it is finished). Comments are rewritten in
// place, into room that was kept for them.
#include <FLAC/stream_encoder.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>

#include "session/record_bytes.h"
#include "session/record_kinds.h"

namespace tactus::session {
namespace {

constexpr std::size_t kComments = 32768;  // bytes kept for the block of comments, its header and padding after it
constexpr std::uint64_t kCommentsAt = 4 + 4 + 34;  // "fLaC" and STREAMINFO (FLAC format, "METADATA_BLOCK")
constexpr float kScale = 8388608.0f;

std::string chapter_time(std::int64_t frame, int rate) {
  const std::int64_t ms = frame * 1000 / rate;
  std::array<char, 48> text;
  std::snprintf(text.data(), text.size(), "%02lld:%02lld:%02lld.%03lld", static_cast<long long>(ms / 3600000),
                static_cast<long long>(ms / 60000 % 60), static_cast<long long>(ms / 1000 % 60),
                static_cast<long long>(ms % 1000));
  return text.data();
}

void put_be24(std::string& out, std::size_t v) {
  for (int shift = 16; shift >= 0; shift -= 8) out.push_back(static_cast<char>(v >> shift));
}

class FlacFile final : public RecordFile {
 public:
  explicit FlacFile(const Options& options) : options_(options), encoder_(FLAC__stream_encoder_new()) {}
  ~FlacFile() override {
    if (encoder_) FLAC__stream_encoder_delete(encoder_);
  }

  std::string open(const std::string& path) {
    if (!encoder_) return "no memory for an encoder";
    std::string why = file_.create(path);
    if (!why.empty()) return why;
    FLAC__stream_encoder_set_channels(encoder_, 2);
    FLAC__stream_encoder_set_bits_per_sample(encoder_, 24);
    FLAC__stream_encoder_set_sample_rate(encoder_, static_cast<unsigned>(options_.rate));
    FLAC__stream_encoder_set_compression_level(encoder_, 3);  // little work, within 2 % of the smallest
    // libFLAC puts its own comments first, then this. Both are overwritten at once.
    FLAC__StreamMetadata padding{};
    padding.type = FLAC__METADATA_TYPE_PADDING;
    const std::size_t own = 4 + 4 + std::strlen(FLAC__VENDOR_STRING) + 4;
    padding.length = static_cast<unsigned>(kComments - own - 4);
    FLAC__StreamMetadata* blocks[] = {&padding};
    FLAC__stream_encoder_set_metadata(encoder_, blocks, 1);
    const auto status = FLAC__stream_encoder_init_stream(encoder_, &on_write, &on_seek, &on_tell, nullptr, this);
    if (status != FLAC__STREAM_ENCODER_INIT_STATUS_OK) {
      return failed_.empty() ? FLAC__StreamEncoderInitStatusString[status] : failed_;
    }
    if (end_ != kCommentsAt + kComments) return "libFLAC began the file otherwise than was expected";
    return write_comments();
  }
  std::string write(std::span<const float> interleaved) override {
    if (!failed_.empty()) return failed_;
    samples_.resize(interleaved.size());
    for (std::size_t i = 0; i < interleaved.size(); ++i) {
      const float x = std::isnan(interleaved[i]) ? 0.0f : interleaved[i] * kScale;
      samples_[i] = static_cast<FLAC__int32>(std::lrintf(std::clamp(x, -kScale, kScale - 1.0f)));
    }
    const auto frames = static_cast<unsigned>(interleaved.size() / 2);
    if (!FLAC__stream_encoder_process_interleaved(encoder_, samples_.data(), frames)) {
      if (failed_.empty()) failed_ = FLAC__stream_encoder_get_resolved_state_string(encoder_);
      return failed_;
    }
    frames_ += frames;
    return {};
  }
  void set_marks(const std::vector<RecordMark>& marks) override { marks_ = marks; }
  std::string secure() override {
    std::string why = file_.sync();
    if (why.empty()) why = write_comments();
    return why;
  }
  std::string finish() override {
    const bool ended = FLAC__stream_encoder_finish(encoder_);
    if (failed_.empty() && !ended) failed_ = FLAC__stream_encoder_get_resolved_state_string(encoder_);
    std::string why = failed_;
    if (!why.empty()) (void)file_.cut(whole_);  // half a frame
    if (std::string other = write_comments(); why.empty()) why = other;
    if (std::string other = file_.sync(); why.empty()) why = other;
    return why;
  }
  std::int64_t frames() const override { return frames_; }

 private:
  static FLAC__StreamEncoderWriteStatus on_write(const FLAC__StreamEncoder*, const FLAC__byte data[], std::size_t size,
                                                 unsigned samples, unsigned, void* context) {
    auto* self = static_cast<FlacFile*>(context);
    // After a failure only what is already there may change: nothing is appended behind half a frame.
    if (!self->failed_.empty() && self->at_ + size > self->whole_) return FLAC__STREAM_ENCODER_WRITE_STATUS_FATAL_ERROR;
    const std::string why = self->file_.write(data, size, self->at_);
    if (!why.empty()) {
      if (self->failed_.empty()) self->failed_ = why;
      return FLAC__STREAM_ENCODER_WRITE_STATUS_FATAL_ERROR;
    }
    self->at_ += size;
    self->end_ = std::max(self->end_, self->at_);
    self->whole_ = std::max(self->whole_, self->at_);  // a frame comes in one piece
    (void)samples;
    return FLAC__STREAM_ENCODER_WRITE_STATUS_OK;
  }
  static FLAC__StreamEncoderSeekStatus on_seek(const FLAC__StreamEncoder*, FLAC__uint64 to, void* context) {
    static_cast<FlacFile*>(context)->at_ = to;
    return FLAC__STREAM_ENCODER_SEEK_STATUS_OK;
  }
  static FLAC__StreamEncoderTellStatus on_tell(const FLAC__StreamEncoder*, FLAC__uint64* at, void* context) {
    *at = static_cast<FlacFile*>(context)->at_;
    return FLAC__STREAM_ENCODER_TELL_STATUS_OK;
  }

  // Chapters as Vorbis comments (the wiki of xiph.org, "Chapter Extension"), and padding to the room's end.
  std::string write_comments() {
    const std::string vendor = "Tactus";
    std::string fields;
    std::uint32_t count = 0;
    for (std::size_t i = 0; i < marks_.size(); ++i) {
      std::array<char, 32> key;
      std::snprintf(key.data(), key.size(), "CHAPTER%03zu", i + 1);
      std::string both;
      for (const std::string& text : {key.data() + ("=" + chapter_time(marks_[i].frame, options_.rate)),
                                      key.data() + ("NAME=" + marks_[i].name)}) {
        put_le(both, text.size(), 4);
        both += text;
      }
      if (fields.size() + both.size() + 64 > kComments) break;
      fields += both;
      count += 2;
    }
    std::string content, block;
    put_le(content, vendor.size(), 4);
    content += vendor;
    put_le(content, count, 4);
    content += fields;
    block.push_back(4);
    put_be24(block, content.size());
    block += content;
    block.push_back(static_cast<char>(0x81));  // padding, and the last block
    put_be24(block, kComments - block.size() - 3);
    block.resize(kComments, '\0');
    return file_.write(block.data(), block.size(), kCommentsAt);
  }

  const Options options_;
  FLAC__StreamEncoder* encoder_;
  RecordBytes file_;
  std::uint64_t at_ = 0, end_ = 0, whole_ = 0;  // bytes: where libFLAC writes; the file's end; that of the last frame
  std::int64_t frames_ = 0;
  std::vector<FLAC__int32> samples_;
  std::vector<RecordMark> marks_;
  std::string failed_;
};

}  // namespace

std::unique_ptr<RecordFile> create_flac(const std::string& path, const RecordFile::Options& options,
                                        std::string* error) {
  auto file = std::make_unique<FlacFile>(options);
  *error = file->open(path);
  if (!error->empty()) return nullptr;
  return file;
}

}  // namespace tactus::session
