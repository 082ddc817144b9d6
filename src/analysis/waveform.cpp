#include "analysis/waveform.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <cerrno>
#include <cmath>
#include <cstring>
#include <filesystem>
#include <new>
#include <system_error>
#include <utility>

#include "analysis/biquad.h"
#include "base/unique_fd.h"

namespace tactus::analysis {
namespace {

namespace fs = std::filesystem;

constexpr double kColumnSeconds = 0.00145;
// Two hours at 192 kHz are 5 million columns; a header that speaks of more than days is broken.
constexpr std::uint64_t kMostColumns = 1u << 28;

std::vector<std::size_t> levels_of(std::uint64_t columns) {
  std::vector<std::size_t> levels{static_cast<std::size_t>(columns)};
  while (levels.back() > WaveformWriter::kOverview) levels.push_back((levels.back() + 1) / 2);
  return levels;
}

std::size_t bytes_of(const std::vector<std::size_t>& levels) {
  std::size_t columns = 0;
  for (const std::size_t n : levels) columns += n;
  return sizeof(WaveformHeader) + columns * sizeof(WaveformColumn);
}

std::uint8_t byte_of(double share) { return static_cast<std::uint8_t>(std::lround(255 * std::clamp(share, 0.0, 1.0))); }
std::uint8_t level_of(float mean_square) { return byte_of(1 + std::log10(mean_square + 1e-12) / 6); }

float sound(float sample) { return std::isfinite(sample) ? sample : 0; }
// Keeps filters' decaying tails from becoming denormal, which would slow everything down.
constexpr float kNoDenormals = 1e-15f;

WaveformColumn louder(WaveformColumn a, WaveformColumn b) {
  return {std::max(a.peak, b.peak), std::max(a.low, b.low), std::max(a.mid, b.mid), std::max(a.high, b.high)};
}

}  // namespace

// Low, mid and high, apart by 24 dB an octave.
class WaveformWriter::Bands {
 public:
  explicit Bands(double rate)
      : low_{Biquad::low_pass(kLow, rate), Biquad::low_pass(kLow, rate)},
        high_{Biquad::high_pass(kHigh, rate), Biquad::high_pass(kHigh, rate)},
        mid_{Biquad::high_pass(kLow, rate), Biquad::high_pass(kLow, rate), Biquad::low_pass(kHigh, rate),
             Biquad::low_pass(kHigh, rate)} {}
  void add(float x) {
    const float low = low_[1](low_[0](x)), high = high_[1](high_[0](x));
    const float mid = mid_[3](mid_[2](mid_[1](mid_[0](x))));
    low_sum_ += low * low;
    mid_sum_ += mid * mid;
    high_sum_ += high * high;
  }
  // Of what was added since the last call.
  WaveformColumn take(float peak, int frames) {
    const auto n = static_cast<float>(frames);
    return {byte_of(peak), level_of(std::exchange(low_sum_, 0.0f) / n), level_of(std::exchange(mid_sum_, 0.0f) / n),
            level_of(std::exchange(high_sum_, 0.0f) / n)};
  }

 private:
  static constexpr double kLow = 150, kHigh = 2000;  // Hz
  std::array<Biquad, 2> low_, high_;
  std::array<Biquad, 4> mid_;
  float low_sum_ = 0, mid_sum_ = 0, high_sum_ = 0;
};

struct WaveformWriter::Impl {
  Impl(void* at, std::size_t bytes, const std::vector<std::size_t>& columns, int rate)
      : mapped(at), size(bytes), bands(rate) {
    auto* next = reinterpret_cast<WaveformColumn*>(static_cast<std::byte*>(at) + sizeof(WaveformHeader));
    for (const std::size_t n : columns) {
      levels.emplace_back(next, n);
      next += n;
    }
  }
  ~Impl() { ::munmap(mapped, size); }
  Impl(const Impl&) = delete;
  Impl& operator=(const Impl&) = delete;

  WaveformHeader& header() { return *static_cast<WaveformHeader*>(mapped); }

  void put(std::size_t i, WaveformColumn column) {
    for (auto& level : levels) {
      level[i] = louder(level[i], column);
      i /= 2;
    }
  }

  // The hop that was gathered, as column `at` of the finest level.
  void draw(std::size_t at) {
    put(at, bands.take(peak, in_hop));
    peak = 0;
    in_hop = 0;
  }

  void* mapped;
  std::size_t size;
  std::vector<std::span<WaveformColumn>> levels;
  Bands bands;
  float peak = 0;  // of the hop that isn't whole yet
  int in_hop = 0;  // frames of it
};

WaveformWriter::WaveformWriter(std::unique_ptr<Impl> impl) : impl_(std::move(impl)) {}
WaveformWriter::WaveformWriter(WaveformWriter&&) noexcept = default;
WaveformWriter& WaveformWriter::operator=(WaveformWriter&&) noexcept = default;
WaveformWriter::~WaveformWriter() = default;

media::Result<WaveformWriter> WaveformWriter::create(const std::string& path, int rate, std::int64_t frames) {
  const int hop = static_cast<int>(std::lround(rate * kColumnSeconds));
  std::error_code error;
  fs::create_directories(fs::path(path).parent_path(), error);
  if (error) return media::Error{path, "its folder can't be created: " + error.message()};
  const std::string partial = path + "." + std::to_string(::getpid()) + ".part";
  const auto failed = [&](int cause) {
    std::error_code ignored;
    fs::remove(partial, ignored);
    return media::Error{path, std::string("the waveform can't be written: ") + std::strerror(cause)};
  };
  const std::vector<std::size_t> levels = levels_of(static_cast<std::uint64_t>((frames + hop - 1) / hop));
  const std::size_t size = bytes_of(levels);
  const UniqueFd file(::open(partial.c_str(), O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600));
  if (!file) return failed(errno);
  // All of its room now: writing to a mapping that a full disk can't hold would kill the process.
  if (const int cause = ::posix_fallocate(file.get(), 0, static_cast<off_t>(size))) return failed(cause);
  void* mapped = ::mmap(nullptr, size, PROT_READ | PROT_WRITE, MAP_SHARED, file.get(), 0);
  if (mapped == MAP_FAILED) return failed(errno);
  auto* header = new (mapped) WaveformHeader;
  header->rate = static_cast<std::uint32_t>(rate);
  header->hop = static_cast<std::uint32_t>(hop);
  header->columns = levels[0];
  header->levels = static_cast<std::uint32_t>(levels.size());
  WaveformWriter made(std::make_unique<Impl>(mapped, size, levels, rate));
  if (std::rename(partial.c_str(), path.c_str()) != 0) return failed(errno);
  return made;
}

void WaveformWriter::feed(std::span<const float> interleaved) {
  Impl& my = *impl_;
  const auto hop = static_cast<int>(my.header().hop);
  std::size_t filled = my.header().filled.load(std::memory_order_relaxed);
  for (std::size_t i = 0; i + 1 < interleaved.size() && filled < my.levels[0].size(); i += 2) {
    const float left = sound(interleaved[i]), right = sound(interleaved[i + 1]);
    my.peak = std::max({my.peak, std::fabs(left), std::fabs(right)});
    my.bands.add(0.5f * (left + right) + kNoDenormals);
    if (++my.in_hop < hop) continue;
    my.draw(filled++);
  }
  my.header().filled.store(filled, std::memory_order_release);
}

void WaveformWriter::finish() {
  WaveformHeader& header = impl_->header();
  const std::size_t at = header.filled.load(std::memory_order_relaxed);
  if (impl_->in_hop > 0 && at < impl_->levels[0].size()) impl_->draw(at);
  header.filled.store(header.columns, std::memory_order_release);
  header.complete.store(1, std::memory_order_release);
}

media::Result<Waveform> Waveform::open(const std::string& path) {
  const UniqueFd file(::open(path.c_str(), O_RDONLY | O_CLOEXEC));
  struct stat found {};
  if (!file || ::fstat(file.get(), &found) != 0) return media::Error{path, std::strerror(errno)};
  const auto size = static_cast<std::size_t>(found.st_size);
  const media::Error broken{path, "this is no whole waveform"};
  if (!S_ISREG(found.st_mode) || size < sizeof(WaveformHeader)) return broken;
  void* mapped = ::mmap(nullptr, size, PROT_READ, MAP_SHARED, file.get(), 0);
  if (mapped == MAP_FAILED) return media::Error{path, std::strerror(errno)};
  Waveform out;
  out.mapped_ = mapped;
  out.size_ = size;
  const WaveformHeader& header = out.header();
  if (header.magic != WaveformHeader::kMagic || header.version != kWaveformVersion)
    return media::Error{path, "this is no waveform of this version"};
  if (header.rate == 0 || header.hop == 0 || header.columns > kMostColumns) return broken;
  const std::vector<std::size_t> levels = levels_of(header.columns);
  if (header.levels != levels.size() || size != bytes_of(levels) || header.filled.load() > header.columns)
    return broken;
  const auto* next =
      reinterpret_cast<const WaveformColumn*>(static_cast<const std::byte*>(mapped) + sizeof(WaveformHeader));
  for (const std::size_t n : levels) {
    out.levels_.emplace_back(next, n);
    next += n;
  }
  return out;
}

Waveform::Waveform(Waveform&& other) noexcept { *this = std::move(other); }
Waveform& Waveform::operator=(Waveform&& other) noexcept {
  std::swap(mapped_, other.mapped_);
  std::swap(size_, other.size_);
  std::swap(levels_, other.levels_);
  return *this;
}
Waveform::~Waveform() {
  if (mapped_) ::munmap(mapped_, size_);
}

}  // namespace tactus::analysis
