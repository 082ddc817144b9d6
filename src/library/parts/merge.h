// Takes parts into a library, once and only once: whatever is taken in again, from the same part or another, changes
// nothing. What a person set stays (put_analysis).
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "library/parts/part.h"
#include "library/store/facts.h"
#include "library/store/scan_writer.h"
#include "library/store/store.h"

namespace tactus::library {

enum class Merged {
  added,    // a track that the library didn't have
  renewed,  // a track that it had, and knew less of
  known,    // nothing is new
  changed,  // the file is another by now, and the library has no track of the one that was analysed
  unknown,  // which track it is can't be told: its tags and sound couldn't be read by the scan
};

class Merger {
 public:
  // `catalogue`: where the folder that the parts' paths are below lies here. It becomes a root of the library, unless
  // it is in one; files that aren't there are missing until a scan finds them, wherever. Throws StoreError, as put()
  // does.
  Merger(Store& store, const std::string& catalogue);

  // `facts`: of entry.analysis. Committed when it returns.
  Merged put(const PartEntry& entry, const Facts& facts);

 private:
  std::optional<std::int64_t> track_of(const PartEntry& entry);
  std::optional<std::int64_t> place(const PartEntry& entry, const std::string& path, std::optional<std::int64_t> track);

  Store& store_;
  std::string catalogue_;
  std::int64_t root_ = 0;
  ScanReport report_;
  ScanWriter writer_;
};

}  // namespace tactus::library
