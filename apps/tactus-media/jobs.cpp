#include "jobs.h"

namespace tactus::worker {

std::span<const JobKind> job_kinds() {
  static constexpr JobKind kinds[] = {
      {"probe", probe_job}, {"decode", decode_job},   {"analyze", analyze_job},
      {"known", known_job}, {"content", content_job},
  };
  return kinds;
}

}  // namespace tactus::worker
