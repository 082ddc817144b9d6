#include "schedule/quant.h"

#include <algorithm>

#include "schedule/numbers.h"

namespace tactus::schedule {
namespace {

constexpr double kFarthestBeat = 1e9;

std::optional<int> whole_number(std::string_view text) {
  int n = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), n);
  if (text.empty() || error != std::errc{} || end != text.data() + text.size()) return {};
  return n;
}

bool one_of(int n, std::initializer_list<int> set) { return std::find(set.begin(), set.end(), n) != set.end(); }

}  // namespace

music::Raster raster_of(const Quant& q, const Metre& metre) {
  switch (q.kind) {
    case Quant::Kind::bars:
      return music::Raster::every(metre.bar * q.n);
    case Quant::Kind::note:
      return music::Raster::note(q.n, false);
    case Quant::Kind::triplet:
      return music::Raster::note(q.n, true);
    case Quant::Kind::phrase:
      return music::Raster::every(q.n > 0 ? Beats::of(q.n) : metre.phrase);
    case Quant::Kind::now:
    case Quant::Kind::absolute:
      break;
  }
  return {};
}

Beat resolve(const Quant& q, Beat from, const Metre& metre) {
  if (q.kind == Quant::Kind::absolute) return q.at;
  return music::next_boundary(raster_of(q, metre), from, metre.phase);
}

std::optional<Quant> parse_quant(std::string_view text) {
  using Kind = Quant::Kind;
  if (text == "now" || text == "none") return Quant{};
  if (text == "bar") return Quant{Kind::bars, 1, {}};
  if (text == "beat") return Quant{Kind::note, 4, {}};
  if (text == "phrase") return Quant{Kind::phrase, 0, {}};
  if (text.starts_with("beat=")) {
    const auto beat = parse_number(text.substr(5));
    if (!beat || !(std::fabs(*beat) <= kFarthestBeat)) return {};
    return Quant{Kind::absolute, 0, Beat::of(*beat)};
  }
  if (text.starts_with("phrase")) {
    const auto n = whole_number(text.substr(6));
    return n && one_of(*n, {16, 32}) ? std::optional(Quant{Kind::phrase, *n, {}}) : std::nullopt;
  }
  if (text.ends_with("bar")) {
    const auto n = whole_number(text.substr(0, text.size() - 3));
    return n && one_of(*n, {1, 2, 4, 8}) ? std::optional(Quant{Kind::bars, *n, {}}) : std::nullopt;
  }
  if (text.starts_with("1/")) {
    text.remove_prefix(2);
    const bool triplet = text.ends_with('T') || text.ends_with('t');
    if (triplet) text.remove_suffix(1);
    const auto n = whole_number(text);
    if (n && one_of(*n, {2, 4, 8, 16, 32})) return Quant{triplet ? Kind::triplet : Kind::note, *n, {}};
  }
  return {};
}

std::string quant_text(const Quant& q) {
  switch (q.kind) {
    case Quant::Kind::now:
      return "now";
    case Quant::Kind::bars:
      return q.n == 1 ? "bar" : std::to_string(q.n) + "bar";
    case Quant::Kind::note:
      return "1/" + std::to_string(q.n);
    case Quant::Kind::triplet:
      return "1/" + std::to_string(q.n) + "T";
    case Quant::Kind::phrase:
      return q.n > 0 ? "phrase" + std::to_string(q.n) : "phrase";
    case Quant::Kind::absolute: {
      // Micro-beats as a decimal, digit by digit: a double would not hold the largest exactly.
      const std::int64_t micro = q.at.micro;
      const std::int64_t size = micro < 0 ? -micro : micro;
      std::string rest = std::to_string(size % 1'000'000);
      rest.insert(0, 6 - rest.size(), '0');
      while (!rest.empty() && rest.back() == '0') rest.pop_back();
      return std::string("beat=") + (micro < 0 ? "-" : "") + std::to_string(size / 1'000'000) +
             (rest.empty() ? "" : "." + rest);
    }
  }
  return {};
}

const char* quant_forms() {
  return "@now, @bar, @2bar, @4bar, @8bar, @1/2 to @1/32 (triplets with T: @1/8T), @beat, @phrase, @phrase16, "
         "@phrase32 or @beat=NUMBER";
}

}  // namespace tactus::schedule
