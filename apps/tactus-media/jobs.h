// What a media worker can do: one table of job kinds. Adding one takes a function and a line in jobs.cpp.
#pragma once

#include <array>
#include <cstdint>
#include <span>
#include <string>

#include "job_context.h"
#include "media/result.h"

namespace tactus::worker {

struct JobRequest {
  std::string path;                       // the file, any bytes
  std::string text;                       // arguments of the kind's own choice
  std::array<std::int64_t, 6> numbers{};  // likewise
};

// Does the job and returns its result, or an error that names file and cause. May report progress, should ask
// context.cancelled() every few milliseconds, and may crash or hang: that costs this job only.
using JobFunction = media::Result<std::string> (*)(const JobRequest& request, JobContext& context);

struct JobKind {
  const char* name;
  JobFunction run;
};

std::span<const JobKind> job_kinds();

// "probe": numbers {rate (0: the file's own), use stems}. Result: TrackInfo as JSON (media/track_info_json.h).
media::Result<std::string> probe_job(const JobRequest& request, JobContext& context);

// "decode": numbers {rate, first chunk, chunks, use stems}. Sends info (TrackInfo as JSON), then each chunk of
// lockfree::ChunkTable::kChunkFrames frames that lies in the track, in order. Recently used files stay open, so the
// next range of the same file continues without delay. Result: empty.
media::Result<std::string> decode_job(const JobRequest& request, JobContext& context);

// "analyze": text: the cache's folder, empty for the XDG one. Reports progress from 0 to 1 as a decimal number, and
// once, for a longer track, what its first minute tells, as JSON. Result: the TrackAnalysis as JSON
// (analysis/analysis.h), from the cache if it is there, else made and put there.
media::Result<std::string> analyze_job(const JobRequest& request, JobContext& context);

// "known": text as of "analyze". Sends info first: content and cues, as analysis::StoredCues. Result: the TrackAnalysis
// that the cache has; an error when it has none.
media::Result<std::string> known_job(const JobRequest& request, JobContext& context);

// "content". Result: media::content_id.
media::Result<std::string> content_job(const JobRequest& request, JobContext& context);

}  // namespace tactus::worker
