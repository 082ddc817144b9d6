// WAV with room in front of the audio for what is known only later: 64-bit sizes and markers. So refreshing the header
// is one write at its place, and a file cut anywhere behind it is whole up to there.
//   RIFF/RF64 | JUNK or ds64 | fmt | fact | cue, LIST adtl, JUNK | data
#include <algorithm>

#include "session/record_bytes.h"
#include "session/record_kinds.h"

namespace tactus::session {
namespace {

constexpr std::size_t kHeader = 36864;       // bytes before the audio
constexpr std::uint64_t kFrameBytes = 8;     // two floats
constexpr std::uint64_t kIn64 = 0xFFFFFFFF;  // "see ds64"

void put_chunk(std::string& out, const char* id, const std::string& content) {
  out += id;
  put_le(out, content.size(), 4);
  out += content;
  if (content.size() % 2 != 0) out.push_back('\0');
}

std::string cue_point(std::uint32_t id, const RecordMark& m) {
  std::string point;
  put_le(point, id, 4);
  put_le(point, static_cast<std::uint64_t>(m.frame), 4);
  point += "data";
  put_le(point, 0, 8);
  put_le(point, static_cast<std::uint64_t>(m.frame), 4);
  return point;
}

// The chunks 'cue ' (Microsoft/IBM Multimedia Programming Interface 1.0, 1991) and its labels, at most `room` bytes.
std::string marker_chunks(const std::vector<RecordMark>& marks, std::size_t room) {
  std::string points, labels = "adtl";
  std::uint32_t count = 0;
  for (const RecordMark& m : marks) {
    std::string label;
    put_le(label, count + 1, 4);
    label.append(m.name.c_str(), m.name.size() + 1);
    const std::size_t more = 24 + 8 + label.size() + 1;
    // A cue point counts frames in 32 bits.
    if (m.frame > 0xFFFFFFFF || 8 + 4 + points.size() + 8 + labels.size() + more > room) continue;
    points += cue_point(++count, m);
    put_chunk(labels, "labl", label);
  }
  if (count == 0) return {};
  std::string cue, out;
  put_le(cue, count, 4);
  put_chunk(out, "cue ", cue + points);
  put_chunk(out, "LIST", labels);
  return out;
}

}  // namespace

std::string wav_header(const RecordFile::Options& options, std::int64_t length, const std::vector<RecordMark>& marks) {
  const auto frames = static_cast<std::uint64_t>(length);
  const std::uint64_t data = frames * kFrameBytes, riff = kHeader - 8 + data;
  const bool big = data > options.rf64_above;
  std::string sizes, format, head;
  put_le(sizes, big ? riff : 0, 8);
  put_le(sizes, big ? data : 0, 8);
  put_le(sizes, big ? frames : 0, 8);
  put_le(sizes, 0, 4);
  put_le(format, 3, 2);  // IEEE float
  put_le(format, 2, 2);
  put_le(format, static_cast<std::uint64_t>(options.rate), 4);
  put_le(format, static_cast<std::uint64_t>(options.rate) * kFrameBytes, 4);
  put_le(format, kFrameBytes, 2);
  put_le(format, 32, 2);
  std::string fact;
  put_le(fact, big ? kIn64 : frames, 4);
  head += big ? "RF64" : "RIFF";
  put_le(head, big ? kIn64 : riff, 4);
  head += "WAVE";
  put_chunk(head, big ? "ds64" : "JUNK", sizes);
  put_chunk(head, "fmt ", format);
  put_chunk(head, "fact", fact);
  head += marker_chunks(marks, kHeader - head.size() - 16);
  put_chunk(head, "JUNK", std::string(kHeader - head.size() - 16, '\0'));
  head += "data";
  put_le(head, big ? kIn64 : data, 4);
  return head;
}

namespace {

class WavFile final : public RecordFile {
 public:
  explicit WavFile(const Options& options) : options_(options) {}

  std::string open(const std::string& path) {
    const std::string why = file_.create(path);
    return why.empty() ? write_header() : why;
  }
  std::string write(std::span<const float> interleaved) override {
    static_assert(sizeof(float) == 4);
    if (!failed_.empty()) return failed_;
    const std::uint64_t at = kHeader + static_cast<std::uint64_t>(frames_) * kFrameBytes;
    failed_ = file_.write(interleaved.data(), interleaved.size_bytes(), at);
    if (failed_.empty()) frames_ += static_cast<std::int64_t>(interleaved.size() / 2);
    return failed_;
  }
  void set_marks(const std::vector<RecordMark>& marks) override { marks_ = marks; }
  // The audio first: the header never claims what isn't there.
  std::string secure() override {
    std::string why = file_.sync();
    if (why.empty()) why = write_header();
    return why;
  }
  std::string finish() override {
    std::string why = file_.cut(kHeader + static_cast<std::uint64_t>(frames_) * kFrameBytes);
    if (std::string other = write_header(); why.empty()) why = other;
    if (std::string other = file_.sync(); why.empty()) why = other;
    return why;
  }
  std::int64_t frames() const override { return frames_; }

 private:
  std::string write_header() {
    const std::string head = wav_header(options_, frames_, marks_);
    return file_.write(head.data(), head.size(), 0);
  }

  const Options options_;
  RecordBytes file_;
  std::int64_t frames_ = 0;
  std::vector<RecordMark> marks_;
  std::string failed_;
};

}  // namespace

std::unique_ptr<RecordFile> create_wav(const std::string& path, const RecordFile::Options& options,
                                       std::string* error) {
  auto file = std::make_unique<WavFile>(options);
  *error = file->open(path);
  if (!error->empty()) return nullptr;
  return file;
}

std::unique_ptr<RecordFile> RecordFile::create(const std::string& path, const Options& options, std::string* error) {
  return options.format == RecordFormat::wav ? create_wav(path, options, error) : create_flac(path, options, error);
}

}  // namespace tactus::session
