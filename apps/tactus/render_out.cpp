#include "render_out.h"

#include <fmt/format.h>

#include <cmath>
#include <nlohmann/json.hpp>
#include <optional>

#include "command.h"
#include "keys.h"
#include "media/audio_writer.h"
#include "progress.h"
#include "session/track_sources.h"

namespace tactus::app {

namespace {

using Json = nlohmann::ordered_json;

Json level(double db) { return std::isfinite(db) ? Json(db) : Json(nullptr); }

std::string report_json(const session::RenderReport& r, int rate) {
  Json j = {{"frames", r.frames},
            {"rate", rate},
            {"realtime_factor", r.realtime_factor},
            {"true_peak_db", level(r.true_peak_db)},
            {"lufs", level(r.lufs)},
            {"limited_db", r.limited_db}};
  j["events"] = Json::array();
  for (const session::Executed& e : r.events) {
    j["events"].push_back({{"do", e.text}, {"beat", e.beat.value()}, {"frame", e.frame.v}});
  }
  j["refused"] = Json::array();
  for (const session::Refused& e : r.refused) j["refused"].push_back({{"do", e.text}, {"why", e.why}});
  j["notices"] = r.notices;
  return j.dump(-1, ' ', false, Json::error_handler_t::replace);
}

void report_text(const session::RenderReport& r, const RenderOut& out, int rate) {
  for (const session::Refused& e : r.refused) {
    fmt::print(stderr, "refused{}: {}: {}\n", e.line ? fmt::format(" (line {})", e.line) : "", e.text, e.why);
  }
  for (const std::string& n : r.notices) fmt::print(stderr, "{}\n", n);
  fmt::print("{}: {} at {} Hz, {:.1f} LUFS, true peak {:.1f} dBTP{}, {:.1f} x real time\n", out.path,
             clock_text(static_cast<double>(r.frames) / rate), rate, r.lufs, r.true_peak_db,
             r.limited_db > 0 ? fmt::format(", limited by up to {:.1f} dB", r.limited_db) : "", r.realtime_factor);
}

// Remembers the first file that couldn't be opened.
class WatchedSource : public session::BlockingSource {
 public:
  explicit WatchedSource(session::MediaStack& media) : BlockingSource(media.cache(), media.analyses()) {}

  void open(const std::string& path, SampleRate rate, std::function<void(session::OpenedTrack)> done) override {
    BlockingSource::open(path, rate, [&](session::OpenedTrack opened) {
      if (!opened.pcm && !failed_) {
        path_ = path;
        failed_ = opened.pcm.error();
      }
      done(std::move(opened));
    });
  }

  const std::optional<media::Error>& failed() const { return failed_; }
  const std::string& path() const { return path_; }

 private:
  std::optional<media::Error> failed_;
  std::string path_;
};

}  // namespace

int write_out(const RenderOut& out, SampleRate rate, const PlayOut& play) {
  const auto fail = [](const media::Error& e) {
    fmt::print(stderr, "tactus: {}\n", e.text());
    return kFailed;
  };
  const auto container = media::AudioWriter::container_of(out.path);
  if (!container) return fail(container.error());
  media::WriterFormat format;
  format.rate = static_cast<int>(rate.hz);
  format.container = container.value();
  if (out.floats && format.container == media::Container::wav) format.sample = media::SampleFormat::f32;
  auto writer = media::AudioWriter::create(out.path, format);
  if (!writer) return fail(writer.error());
  for (const auto& [seconds, name] : out.chapters) {
    writer->mark(static_cast<std::int64_t>(seconds * rate.hz), name);
  }
  install_stop_signals();
  Progress progress("render", out.quiet);
  media::Status written;
  const auto played = play(
      [&](std::span<const float> x) {
        written = writer->write(x);
        return written.ok() && !stop_asked();
      },
      [&](double done, double total) {
        progress.show(total > 0 ? done / total : 0, clock_text(done) + " of about " + clock_text(total));
      });
  progress.done();
  if (!played) return fail(played.error());
  const session::RenderReport& report = played.value();
  if (stop_asked()) {
    fmt::print(stderr, "tactus: stopped; {} was not written\n", out.path);
    return kStopped;
  }
  if (written) written = writer->finish();
  if (!written) return fail(written.error());
  if (out.json) {
    fmt::print("{}\n", report_json(report, format.rate));
  } else {
    report_text(report, out, format.rate);
  }
  // The file is there, but not all that was asked for is in it: whoever runs this in a script must see that.
  return report.refused.empty() ? kOk : kFailed;
}

int render_out(const std::vector<session::ScriptEvent>& events, const session::RenderOptions& options,
               session::MediaStack& media, const RenderOut& out, std::string* lost) {
  WatchedSource source(media);
  return write_out(out, options.rate, [&](const session::RenderSink& sink, const session::RenderProgress& progress) {
    const auto all_there = [&](std::span<const float> x) { return sink(x) && !(lost && source.failed()); };
    session::RenderReport report = session::render(events, options, source, all_there, progress);
    if (!lost || !source.failed()) return media::Result<session::RenderReport>(std::move(report));
    *lost = source.path();
    return media::Result<session::RenderReport>(*source.failed());
  });
}

}  // namespace tactus::app
