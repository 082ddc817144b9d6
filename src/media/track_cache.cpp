#include "media/track_cache.h"

#include <algorithm>
#include <chrono>
#include <condition_variable>
#include <future>
#include <limits>
#include <mutex>
#include <optional>
#include <utility>
#include <vector>

#include "media/chunk_rank.h"
#include "media/sealed_memory.h"
#include "media/track_info_json.h"

namespace tactus::media {
namespace {

constexpr std::int64_t kChunkFrames = lockfree::ChunkTable::kChunkFrames;
constexpr std::int64_t kChunksPerJob = 4;  // so that something urgent never waits long for a worker
constexpr std::size_t kMostPins = 32;
constexpr std::size_t kOpenReserve = std::size_t{8} << 20;  // files being opened bring their first chunks unasked
constexpr int kReadDoublings = 5;                           // of one second, between attempts at what could not be read
constexpr std::uint64_t kGraceBlocks = 2;  // the block in progress when a chunk is withdrawn, and one to be sure

std::size_t chunk_bytes(int channels) {
  return static_cast<std::size_t>(kChunkFrames) * static_cast<std::size_t>(channels) * sizeof(float);
}

struct Slot {
  enum class State : std::uint8_t { absent, coming, present, failed };
  SealedMapping memory;
  State state = State::absent;
  bool locked = false;
};

struct Track {
  std::string path;
  int rate = 0;
  std::int64_t first_chunk = 0;  // to be there before the track counts as open
  TrackCache::OnOpen on_open;    // until it has been called
  bool closed = false;

  TrackInfo info;
  std::unique_ptr<lockfree::ChunkTable> table;  // null until the first info
  std::vector<Slot> slots;
  std::vector<float> ranks;
  Interests interests;

  bool running = false;  // one job at a time
  bool urgent = false;   // and what kind of job
  JobId job = 0;
  std::int64_t job_next = 0;  // the chunk that it sends next
  std::int64_t job_end = 0;
  bool cancelled = false;
  int crashes = 0;   // in a row
  int failures = 0;  // in a row
  std::chrono::steady_clock::time_point try_after{};
  Error error;  // no cause while all is well

  void rerank() { ranks = rank_chunks(interests, table->count(), kChunkFrames, rate); }
};

struct Retired {
  SealedMapping memory;
  bool locked;
  std::uint64_t stamp;
};

}  // namespace

struct TrackCache::Impl : std::enable_shared_from_this<Impl> {
  WorkerPool& pool;
  Config config;
  mutable std::mutex mutex;
  std::condition_variable changed;
  std::vector<std::shared_ptr<Track>> tracks;
  std::vector<Retired> retired;
  std::size_t mapped = 0;    // bytes of all mappings
  std::size_t waiting = 0;   // of those, bytes of retired ones
  std::size_t promised = 0;  // bytes of the chunks that jobs will bring
  bool may_lock;
  int normal_workers;
  Stats counts;

  Impl(WorkerPool& p, Config c) : pool(p), config(std::move(c)), may_lock(config.lock_memory) {
    normal_workers = std::max<int>(1, static_cast<int>(pool.normal_workers()));
  }

  // --- memory; mutex held ---

  void free_mapping(SealedMapping memory, bool locked) {
    mapped -= memory.size();
    if (locked) counts.locked_bytes -= memory.size();
  }

  void withdraw(Track& t, std::size_t i) {
    Slot& slot = t.slots[i];
    t.table->store(static_cast<std::int64_t>(i), nullptr);
    slot.state = Slot::State::absent;
    --counts.chunks;
    waiting += slot.memory.size();
    retired.push_back({std::move(slot.memory), slot.locked, config.grace ? config.grace() : 0});
    slot.memory = SealedMapping();
  }

  void free_retired() {
    const std::uint64_t now = config.grace ? config.grace() : std::numeric_limits<std::uint64_t>::max();
    std::erase_if(retired, [&](Retired& r) {
      if (now - r.stamp < kGraceBlocks) return false;
      waiting -= r.memory.size();
      free_mapping(std::move(r.memory), r.locked);
      return true;
    });
  }

  std::size_t used() const { return mapped + promised; }
  std::size_t limit() const { return config.budget_bytes - std::min(kOpenReserve, config.budget_bytes / 8); }

  // Drops the least needed chunks until `need` bytes more would fit once graces are over; false when only chunks that
  // are needed as much as `rank` are left.
  bool make_room(std::size_t need, float rank) {
    while (used() - waiting + need > limit()) {
      Track* owner = nullptr;
      std::size_t victim = 0;
      float worst = -std::numeric_limits<float>::infinity();
      for (auto& t : tracks) {
        for (std::size_t i = 0; i < t->slots.size(); ++i) {
          if (t->slots[i].state != Slot::State::present || t->ranks[i] <= worst) continue;
          worst = t->ranks[i];
          owner = t.get();
          victim = i;
        }
      }
      if (owner == nullptr || !may_displace(rank, worst)) return false;
      withdraw(*owner, victim);
      ++counts.evicted;
    }
    free_retired();
    return true;
  }

  // --- what to decode next; mutex held ---

  std::size_t most_needed(const Track& t) const {
    std::size_t best = t.slots.size();
    for (std::size_t i = 0; i < t.slots.size(); ++i) {
      if (t.slots[i].state != Slot::State::absent) continue;
      if (best == t.slots.size() || t.ranks[i] < t.ranks[best]) best = i;
    }
    return best;
  }

  // Starts the most needed jobs that there is room for. All but one worker may be filling ahead; one stays free for
  // what a deck needs at once.
  void pump() {
    free_retired();
    struct Candidate {
      std::shared_ptr<Track> track;
      std::size_t chunk;
      float rank;
    };
    std::vector<Candidate> candidates;
    int filling = 0;
    const auto now = std::chrono::steady_clock::now();
    for (auto& t : tracks) {
      if (t->running && !t->urgent) ++filling;
      if (t->running || t->table == nullptr) continue;
      if (t->failures > 0 && now >= t->try_after) try_again(*t);
      const std::size_t i = most_needed(*t);
      if (i < t->slots.size()) candidates.push_back({t, i, t->ranks[i]});
    }
    std::stable_sort(candidates.begin(), candidates.end(),
                     [](const Candidate& a, const Candidate& b) { return a.rank < b.rank; });
    for (const Candidate& c : candidates) {
      const bool urgent = c.rank < kUrgentRank;
      if (!urgent && filling >= std::max(1, normal_workers - 1)) break;
      if (!start(c.track, static_cast<std::int64_t>(c.chunk), urgent)) continue;
      if (!urgent) ++filling;
    }
  }

  // A job for `first` and the absent chunks right after it, as far as there is room for them.
  bool start(const std::shared_ptr<Track>& t, std::int64_t first, bool urgent) {
    const std::size_t size = chunk_bytes(t->info.channels);
    std::int64_t end = first;
    while (end < t->table->count() && end < first + kChunksPerJob) {
      const auto i = static_cast<std::size_t>(end);
      if (t->slots[i].state != Slot::State::absent) break;
      // What a renderer holds is loaded even beyond the budget: it waits for it.
      if (!make_room(size, t->ranks[i]) || used() + size > limit()) {
        if (t->ranks[i] > -1000) break;
      }
      t->slots[i].state = Slot::State::coming;
      promised += size;
      ++end;
    }
    if (end == first) return false;
    submit(t, first, end, urgent);
    return true;
  }

  void submit(const std::shared_ptr<Track>& t, std::int64_t first, std::int64_t end, bool urgent) {
    t->running = true;
    t->cancelled = false;
    t->urgent = urgent;
    t->job_next = first;
    t->job_end = end;
    Job job;
    job.kind = "decode";
    job.path = t->path;
    job.numbers = {t->rate, first, end - first, config.stems == Stems::use ? 1 : 0, 0, 0};
    t->job = pool.submit(std::move(job), [weak = weak_from_this(), t](JobEvent&& e) {
      if (const std::shared_ptr<Impl> self = weak.lock()) self->on_event(t, std::move(e));
    });
  }

  // Chunks that a job was to bring and didn't.
  void forget_rest(Track& t, std::int64_t from) {
    for (std::int64_t i = from; i < t.job_end && t.table != nullptr; ++i) {
      t.slots[static_cast<std::size_t>(i)].state = Slot::State::absent;
      promised -= chunk_bytes(t.info.channels);
    }
  }

  // --- events; on the pool's thread, without the mutex ---

  void on_event(const std::shared_ptr<Track>& t, JobEvent&& e) {
    switch (e.kind) {
      case JobEvent::Kind::info:
        return on_info(*t, e);
      case JobEvent::Kind::chunk:
        return on_chunk(t, std::move(e));
      case JobEvent::Kind::progress:
        return;
      case JobEvent::Kind::done:
      case JobEvent::Kind::failed:
        return on_end(t, e);
    }
  }

  void on_info(Track& t, const JobEvent& e) {
    const std::optional<TrackInfo> info = track_info_from_json(e.text);
    const std::lock_guard lock(mutex);
    if (t.table != nullptr || t.closed || !info || info->rate != t.rate) return;
    t.info = *info;
    t.table = std::make_unique<lockfree::ChunkTable>(info->frames, info->channels);
    t.slots = std::vector<Slot>(static_cast<std::size_t>(t.table->count()));
    t.rerank();
    t.job_next = std::min(t.job_next, t.table->count());
    t.job_end = std::min(t.job_end, t.table->count());
    for (std::int64_t i = t.job_next; i < t.job_end; ++i) {
      t.slots[static_cast<std::size_t>(i)].state = Slot::State::coming;
      promised += chunk_bytes(t.info.channels);
    }
  }

  void on_chunk(const std::shared_ptr<Track>& t, JobEvent&& e) {
    std::size_t size = 0;
    {
      const std::lock_guard lock(mutex);
      if (t->closed || t->table == nullptr || e.numbers[0] != t->job_next || t->job_next >= t->job_end) return;
      size = chunk_bytes(t->info.channels);
    }
    // Faulting the pages in takes a while, so nobody waits for the lock meanwhile.
    Result<SealedMapping> memory = SealedMapping::map(e.memory, size, size, true);
    if (!memory) return;  // on_end finds the chunk missing
    const bool locked = may_lock && memory->lock();
    OnOpen opened;
    {
      const std::lock_guard lock(mutex);
      if (may_lock && !locked) may_lock = false;
      mapped += size;
      promised -= size;
      if (locked) counts.locked_bytes += size;
      const auto i = static_cast<std::size_t>(t->job_next++);
      t->slots[i] = {std::move(memory).value(), Slot::State::present, locked};
      t->table->store(static_cast<std::int64_t>(i), reinterpret_cast<const float*>(t->slots[i].memory.data()));
      ++counts.chunks;
      ++counts.decoded;
      t->crashes = t->failures = 0;
      t->error = {};
      if (t->closed) withdraw(*t, i);
      if (static_cast<std::int64_t>(i) >= t->first_chunk) opened = std::exchange(t->on_open, nullptr);
    }
    changed.notify_all();
    if (opened) opened(handle(t));
  }

  void on_end(const std::shared_ptr<Track>& t, const JobEvent& e) {
    OnOpen opened;
    std::optional<Error> refused;  // it never opened
    {
      const std::lock_guard lock(mutex);
      t->running = false;
      std::optional<Error> failure = failure_of(*t, e);
      const bool retry = failure && e.crashed && ++t->crashes <= 1;
      forget_rest(*t, t->job_next);
      if (retry) {
        ++counts.retried;
      } else if (failure) {
        fail_from(*t, *failure);
      }
      if (retry && t->table == nullptr && !t->closed) {
        submit(t, t->first_chunk, t->first_chunk + kChunksPerJob, true);
        return;
      }
      if (!retry) opened = std::exchange(t->on_open, nullptr);
      if (opened) refused = failure;
      if (refused) t->closed = true;
      if (t->closed) std::erase(tracks, t);
      pump();
    }
    changed.notify_all();
    if (!opened) return;
    if (refused) {
      opened(*refused);
    } else {
      opened(handle(t));
    }
  }

  // Why a job brought less than it was to; nothing when all is well.
  std::optional<Error> failure_of(const Track& t, const JobEvent& e) const {
    if (t.closed || t.cancelled) return {};
    if (e.kind == JobEvent::Kind::failed) return e.error;
    if (t.table == nullptr || t.job_next < t.job_end) return Error{t.path, "its audio could not be taken over"};
    return {};
  }

  // A file that can't be read at one place is taken to be unreadable behind it, and tried again after a while: a disk
  // may wake up, a network come back.
  void fail_from(Track& t, const Error& error) {
    t.error = error;
    t.try_after = std::chrono::steady_clock::now() + std::chrono::seconds(1 << std::min(t.failures++, kReadDoublings));
    for (auto i = static_cast<std::size_t>(t.job_next); i < t.slots.size(); ++i) {
      if (t.slots[i].state == Slot::State::absent) t.slots[i].state = Slot::State::failed;
    }
  }

  void try_again(Track& t) {
    for (Slot& slot : t.slots) {
      if (slot.state == Slot::State::failed) slot.state = Slot::State::absent;
    }
    t.crashes = 0;
    t.try_after = std::chrono::steady_clock::time_point::max();  // until it fails again
  }

  void close(const std::shared_ptr<Track>& t) {
    {
      const std::lock_guard lock(mutex);
      t->closed = true;
      for (std::size_t i = 0; i < t->slots.size(); ++i) {
        if (t->slots[i].state == Slot::State::present) withdraw(*t, i);
      }
      if (t->running) {
        pool.cancel(t->job);
      } else {
        std::erase(tracks, t);
      }
      pump();
    }
    changed.notify_all();
  }

  // Lets a job that decodes elsewhere end early when something nearer to the ear is missing.
  void redirect(Track& t) {
    const std::size_t i = most_needed(t);
    if (!t.running || t.urgent || i == t.slots.size() || t.ranks[i] >= kUrgentRank) return;
    t.cancelled = true;
    pool.cancel(t.job);
  }

  TrackPtr handle(const std::shared_ptr<Track>& t);
};

namespace {

// What the owner of a track holds.
template <typename Cache>
class Handle final : public CachedTrack {
 public:
  Handle(std::shared_ptr<Cache> cache, std::shared_ptr<Track> track)
      : cache_(std::move(cache)), track_(std::move(track)) {}
  ~Handle() override { cache_->close(track_); }
  const std::string& path() const noexcept override { return track_->path; }
  const TrackInfo& info() const noexcept override { return track_->info; }
  const lockfree::ChunkTable& table() const noexcept override { return *track_->table; }
  std::string error() const override {
    const std::lock_guard lock(cache_->mutex);
    return track_->error.cause.empty() ? std::string() : track_->error.text();
  }
  const std::shared_ptr<Track>& track() const noexcept { return track_; }

 private:
  std::shared_ptr<Cache> cache_;
  std::shared_ptr<Track> track_;
};

template <typename Cache>
Track& track_in(const TrackPtr& handle) {
  return *static_cast<const Handle<Cache>&>(*handle).track();
}

}  // namespace

TrackPtr TrackCache::Impl::handle(const std::shared_ptr<Track>& t) {
  return std::make_shared<Handle<Impl>>(shared_from_this(), t);
}

TrackCache::TrackCache(WorkerPool& pool, Config config) : impl_(std::make_shared<Impl>(pool, std::move(config))) {}
TrackCache::~TrackCache() = default;

void TrackCache::open(const std::string& path, int rate, std::int64_t first_frame, OnOpen done) {
  auto t = std::make_shared<Track>();
  t->path = path;
  t->rate = rate;
  t->first_chunk = std::max<std::int64_t>(0, first_frame) / kChunkFrames;
  t->interests.pins = {std::max<std::int64_t>(0, first_frame)};
  t->on_open = std::move(done);
  const std::lock_guard lock(impl_->mutex);
  impl_->tracks.push_back(t);
  impl_->submit(t, t->first_chunk, t->first_chunk + kChunksPerJob, true);
}

Result<TrackPtr> TrackCache::open(const std::string& path, int rate, std::int64_t first_frame) {
  std::promise<Result<TrackPtr>> promise;
  std::future<Result<TrackPtr>> result = promise.get_future();
  open(path, rate, first_frame, [&promise](Result<TrackPtr> r) { promise.set_value(std::move(r)); });
  return result.get();
}

void TrackCache::want(const TrackPtr& track, std::int64_t frame) {
  const std::lock_guard lock(impl_->mutex);
  Track& t = track_in<Impl>(track);
  t.interests.want = frame;
  impl_->try_again(t);
  t.rerank();
  impl_->redirect(t);
  impl_->pump();
}

void TrackCache::set_pins(const TrackPtr& track, std::span<const std::int64_t> frames) {
  const std::lock_guard lock(impl_->mutex);
  Track& t = track_in<Impl>(track);
  t.interests.pins.assign(frames.begin(),
                          frames.begin() + static_cast<std::ptrdiff_t>(std::min(frames.size(), kMostPins)));
  t.rerank();
  impl_->pump();
}

Status TrackCache::ensure(const TrackPtr& track, std::int64_t from, std::int64_t to) {
  std::unique_lock lock(impl_->mutex);
  Track& t = track_in<Impl>(track);
  t.interests.hold_from = std::max<std::int64_t>(0, from);
  t.interests.hold_to = std::min(to, t.info.frames);
  const std::int64_t first = t.interests.hold_from / kChunkFrames;
  const std::int64_t end = (t.interests.hold_to + kChunkFrames - 1) / kChunkFrames;
  impl_->try_again(t);
  t.rerank();
  impl_->redirect(t);
  impl_->pump();
  const auto any = [&](Slot::State state) {
    for (std::int64_t i = first; i < end; ++i) {
      if (t.slots[static_cast<std::size_t>(i)].state == state) return true;
    }
    return false;
  };
  impl_->changed.wait(
      lock, [&] { return any(Slot::State::failed) || !(any(Slot::State::absent) || any(Slot::State::coming)); });
  return any(Slot::State::failed) ? Status(t.error) : Status{};
}

void TrackCache::collect() {
  const std::lock_guard lock(impl_->mutex);
  impl_->pump();
}

TrackCache::Stats TrackCache::stats() const {
  const std::lock_guard lock(impl_->mutex);
  Stats s = impl_->counts;
  s.bytes = impl_->used();
  return s;
}

}  // namespace tactus::media
