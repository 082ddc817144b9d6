#include <algorithm>
#include <list>
#include <optional>
#include <vector>

#include "jobs.h"
#include "lockfree/chunk_table.h"
#include "media/decoder.h"
#include "media/track_info_json.h"

namespace tactus::worker {
namespace {

constexpr std::int64_t kChunkFrames = lockfree::ChunkTable::kChunkFrames;
constexpr std::size_t kOpenFiles = 4;

struct OpenFile {
  std::string path;
  int rate;
  bool stems;
  media::Decoder decoder;
};

// The decoders used last stay open, most recent first: a deck asks for its file range by range.
std::list<OpenFile>& open_files() {
  static std::list<OpenFile> files;
  return files;
}

media::Result<media::Decoder*> opened(const std::string& path, int rate, bool stems) {
  std::list<OpenFile>& files = open_files();
  const auto found = std::find_if(files.begin(), files.end(), [&](const OpenFile& f) {
    return f.path == path && f.rate == rate && f.stems == stems;
  });
  if (found != files.end()) {
    files.splice(files.begin(), files, found);
    return &files.front().decoder;
  }
  media::Result<media::Decoder> decoder =
      media::Decoder::open(path, rate, stems ? media::Stems::use : media::Stems::ignore);
  if (!decoder) return decoder.error();
  if (files.size() == kOpenFiles) files.pop_back();
  files.push_front({path, rate, stems, std::move(decoder).value()});
  return &files.front().decoder;
}

int rate_of(std::int64_t number) { return static_cast<int>(std::clamp<std::int64_t>(number, 0, 1 << 20)); }

}  // namespace

media::Result<std::string> probe_job(const JobRequest& request, JobContext&) {
  const media::Result<media::Decoder*> decoder =
      opened(request.path, rate_of(request.numbers[0]), request.numbers[1] != 0);
  if (!decoder) return decoder.error();
  return media::to_json(decoder.value()->info());
}

media::Result<std::string> decode_job(const JobRequest& request, JobContext& context) {
  const media::Result<media::Decoder*> opening =
      opened(request.path, rate_of(request.numbers[0]), request.numbers[3] != 0);
  if (!opening) return opening.error();
  media::Decoder& decoder = *opening.value();
  const media::TrackInfo& info = decoder.info();
  context.info(media::to_json(info));

  const std::int64_t all = (info.frames + kChunkFrames - 1) / kChunkFrames;
  const std::int64_t first = std::clamp<std::int64_t>(request.numbers[1], 0, all);
  const std::int64_t last = first + std::clamp<std::int64_t>(request.numbers[2], 0, all - first);
  std::vector<float> pcm(static_cast<std::size_t>(kChunkFrames * info.channels));
  for (std::int64_t i = first; i < last && !context.cancelled(); ++i) {
    if (media::Status s = decoder.read(i * kChunkFrames, pcm); !s.ok()) {
      open_files().pop_front();  // the next try begins afresh: the file may be back by then, on another descriptor
      return s.error();
    }
    if (!context.chunk(i, pcm)) return media::Error{request.path, "there is no memory for its audio"};
  }
  return std::string();
}

}  // namespace tactus::worker
