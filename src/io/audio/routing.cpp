#include "io/audio/routing.h"

#include <algorithm>
#include <charconv>

namespace tactus::io {

namespace {

constexpr BusName kAllBuses[] = {BusName::master, BusName::cue,  BusName::booth, BusName::rec,
                                 BusName::split,  BusName::mic1, BusName::mic2};

bool is_input(BusName bus) { return bus == BusName::mic1 || bus == BusName::mic2; }

// "3-4" or "3" to a route's channels; false when it is neither or not within 1 to 8.
bool parse_channels(std::string_view text, Route* route) {
  const auto number = [](std::string_view digits, int* value) {
    const auto [end, failed] = std::from_chars(digits.data(), digits.data() + digits.size(), *value);
    return failed == std::errc() && end == digits.data() + digits.size() && *value >= 1 &&
           *value <= msg::kMaxDeviceChannels;
  };
  const std::size_t dash = text.find('-');
  int first = 0, last = 0;
  if (!number(text.substr(0, dash), &first)) return false;
  last = first;
  if (dash != std::string_view::npos && !number(text.substr(dash + 1), &last)) return false;
  if (last < first || last > first + 1) return false;
  route->first = first - 1;
  route->channels = last - first + 1;
  return true;
}

std::string channel_text(const Route& r) {
  const std::string first = std::to_string(r.first + 1);
  return r.channels == 1 ? first : first + "-" + std::to_string(r.first + r.channels);
}

// The bus that already plays on one of `route`'s device channels, or null.
const Route* clash(const std::vector<Route>& routes, const Route& route) {
  for (const Route& other : routes) {
    const bool overlap = route.first < other.first + other.channels && other.first < route.first + route.channels;
    if (overlap && !is_input(other.bus)) return &other;
  }
  return nullptr;
}

// Empty, or why this word can't join `routes`.
std::string parse_word(std::string_view word, const std::vector<Route>& routes, Route* route) {
  const std::string quoted = "'" + std::string(word) + "'";
  const std::size_t equals = word.find('=');
  if (equals == std::string_view::npos) return quoted + " should read bus=channels, for example master=1-2";
  const std::string_view name = word.substr(0, equals);
  const auto* bus =
      std::find_if(std::begin(kAllBuses), std::end(kAllBuses), [&](BusName b) { return name == bus_text(b); });
  if (bus == std::end(kAllBuses)) {
    return "there is no bus '" + std::string(name) + "'; there are master, cue, booth, rec, split, mic1 and mic2";
  }
  route->bus = *bus;
  if (!parse_channels(word.substr(equals + 1), route)) {
    return quoted + " should name one channel or two neighbours from 1 to 8, for example " + std::string(name) + "=3-4";
  }
  if (*bus == BusName::split && route->channels != 2) return "split needs two channels, for example split=1-2";
  if (is_input(*bus)) return {};
  const Route* other = clash(routes, *route);
  if (!other) return {};
  if (*bus == BusName::cue || other->bus == BusName::cue) {
    return "cue would be heard on the channels of " + std::string(bus_text(*bus == BusName::cue ? other->bus : *bus)) +
           "; pre-listening needs channels of its own, or split=1-2";
  }
  return "channel " + channel_text(*route) + " is already used by " + bus_text(other->bus);
}

}  // namespace

const char* bus_text(BusName bus) {
  switch (bus) {
    case BusName::master:
      return "master";
    case BusName::cue:
      return "cue";
    case BusName::booth:
      return "booth";
    case BusName::rec:
      return "rec";
    case BusName::split:
      return "split";
    case BusName::mic1:
      return "mic1";
    case BusName::mic2:
      return "mic2";
  }
  return "";
}

std::string RoutingError::pointed(std::string_view source) const {
  return text + "\n  " + std::string(source) + "\n  " + std::string(at, ' ') +
         std::string(std::max<std::size_t>(length, 1), '^');
}

bool Routing::parse(std::string_view text, Routing* routing, RoutingError* error) {
  Routing result;
  std::size_t at = 0;
  while ((at = text.find_first_not_of(" \t,", at)) != std::string_view::npos) {
    const std::size_t end = std::min(text.find_first_of(" \t,", at), text.size());
    Route route;
    const std::string why = parse_word(text.substr(at, end - at), result.routes_, &route);
    if (!why.empty()) {
      *error = {why, at, end - at};
      return false;
    }
    result.routes_.push_back(route);
    at = end;
  }
  if (!result.has(BusName::master) && !result.has(BusName::split)) {
    *error = {"the routing sends the master nowhere; add master=1-2", 0, text.size()};
    return false;
  }
  *routing = result;
  return true;
}

Routing Routing::standard(int outputs) {
  Routing result;
  if (outputs < 2) {
    result.routes_.push_back({BusName::master, 0, 1});
    return result;
  }
  const BusName order[] = {BusName::master, BusName::cue, BusName::booth, BusName::rec};
  for (int pair = 0; pair < 4 && 2 * pair + 2 <= outputs; ++pair) {
    result.routes_.push_back({order[pair], 2 * pair, 2});
  }
  return result;
}

Routing Routing::fitted(int outputs, int inputs, std::vector<std::string>* notices) const {
  Routing result;
  for (Route route : routes_) {
    const int have = is_input(route.bus) ? inputs : outputs;
    const int left = std::clamp(have - route.first, 0, route.channels);
    const std::string what =
        std::string(bus_text(route.bus)) + " on " + (is_input(route.bus) ? "input " : "output ") + channel_text(route);
    const std::string has = "; the device has " + std::to_string(have);
    if (left == 0 || (left == 1 && route.bus == BusName::split)) {
      notices->push_back(what + " is left out" + has);
      continue;
    }
    if (left < route.channels) notices->push_back(what + " is mixed to mono" + has);
    route.channels = left;
    result.routes_.push_back(route);
  }
  return result;
}

Prelisten Routing::prelisten() const {
  if (has(BusName::cue) || has(BusName::split)) return {true, {}};
  return {false,
          "Pre-listening would be heard by everyone: this device has no channels for it. Use one with four outputs, "
          "headphones on a second device, or the routing split=1-2 with a Y cable."};
}

bool Routing::has(BusName bus) const {
  return std::any_of(routes_.begin(), routes_.end(), [&](const Route& r) { return r.bus == bus; });
}

int Routing::outputs_needed() const {
  int most = 0;
  for (const Route& r : routes_) {
    if (!is_input(r.bus)) most = std::max(most, r.first + r.channels);
  }
  return most;
}

int Routing::inputs_needed() const {
  int most = 0;
  for (const Route& r : routes_) {
    if (is_input(r.bus)) most = std::max(most, r.first + r.channels);
  }
  return most;
}

std::string Routing::text() const {
  std::string result;
  for (const Route& r : routes_) {
    if (!result.empty()) result += ' ';
    result += std::string(bus_text(r.bus)) + "=" + channel_text(r);
  }
  return result;
}

Router::Router(const Routing& fitted) {
  // A routing of valid words has at most 8 channels with at most 2 sources each.
  const auto copy = [](FixedVector<Copy, 32>& list, int from, int to, float gain) {
    list.push_back({static_cast<std::uint8_t>(from), static_cast<std::uint8_t>(to), gain});
  };
  const auto mono = [&](int bus, int to) {
    copy(out_, bus, to, 0.5f);
    copy(out_, bus + 1, to, 0.5f);
  };
  for (const Route& r : fitted.routes()) {
    if (is_input(r.bus)) {
      const int bus = r.bus == BusName::mic1 ? kMic1 : kMic2;
      copy(in_, r.first, bus, 1);
      copy(in_, r.first + r.channels - 1, bus + 1, 1);
    } else if (r.bus == BusName::split) {
      mono(msg::kMaster, r.first);
      mono(msg::kCue, r.first + 1);
    } else {
      const int bus = static_cast<int>(r.bus) * 2;  // msg::Bus counts pairs in the same order
      if (r.channels == 1) {
        mono(bus, r.first);
      } else {
        copy(out_, bus, r.first, 1);
        copy(out_, bus + 1, r.first + 1, 1);
      }
    }
  }
}

void Router::to_device(const float* const* engine, float* const* device, int outputs, int frames) const noexcept {
  for (int c = 0; c < outputs; ++c) std::fill_n(device[c], frames, 0.0f);
  for (const Copy& k : out_) {
    if (k.to >= outputs) continue;
    for (int i = 0; i < frames; ++i) device[k.to][i] += k.gain * engine[k.from][i];
  }
}

void Router::to_engine(const float* const* device, int inputs, float* const* engine, int frames) const noexcept {
  for (int c = 0; c < kInputChannels; ++c) std::fill_n(engine[c], frames, 0.0f);
  for (const Copy& k : in_) {
    if (k.from >= inputs) continue;
    for (int i = 0; i < frames; ++i) engine[k.to][i] += k.gain * device[k.from][i];
  }
}

static_assert(static_cast<int>(BusName::master) * 2 == msg::kMaster &&
              static_cast<int>(BusName::cue) * 2 == msg::kCue && static_cast<int>(BusName::booth) * 2 == msg::kBooth &&
              static_cast<int>(BusName::rec) * 2 == msg::kRecord);

}  // namespace tactus::io
