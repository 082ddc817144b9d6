#include "engine/ctl/plan_builder.h"

#include <algorithm>

#include "engine/ctl/arena.h"

namespace tactus::ctl {

using msg::NodeKind;

namespace {
constexpr std::uint8_t kNoSlot = 255;  // a leaving effect listens to no command
}

// An effect's memory, state and node, together.
struct PlanBuilder::Fx {
  Fx(int effect, std::uint64_t name, SampleRate rate, std::shared_ptr<int> count)
      : serial(name), arena(rt::FxInstance::bytes(effect) + sizeof(rt::FxNode) + 4096), alive(std::move(count)) {
    struct alignas(rt::FxInstance::kAlign) Line {
      std::byte bytes[rt::FxInstance::kAlign];
    };
    const auto memory = arena.array<Line>(rt::FxInstance::bytes(effect) / sizeof(Line));
    instance = rt::FxInstance::make(effect, std::as_writable_bytes(memory), rate);
    instance->settle();
    node = arena.make<rt::FxNode>(*instance, rate);
    ++*alive;
  }
  ~Fx() { --*alive; }
  Fx(const Fx&) = delete;
  Fx& operator=(const Fx&) = delete;

  const std::uint64_t serial;
  Arena arena;
  std::shared_ptr<int> alive;
  rt::FxInstance* instance = nullptr;
  rt::FxNode* node = nullptr;
};

PlanBuilder::PlanBuilder(int decks, SampleRate rate) : decks_(decks), rate_(rate) {
  held_.emplace_back();
  build(held_.back(), {});
}

PlanBuilder::~PlanBuilder() = default;

void PlanBuilder::build(Held& held, const std::vector<Place>& places) const {
  held.plan.id = next_id_;
  for (int d = 0; d < decks_; ++d) {
    const auto deck = static_cast<std::uint8_t>(d);
    for (NodeKind kind : {NodeKind::deck_reader, NodeKind::stem_gate, NodeKind::trim, NodeKind::eq, NodeKind::filter}) {
      held.plan.add({kind, deck, 0, nullptr});
    }
    for (const Place& p : places) {
      if (p.deck != d) continue;
      const std::uint8_t slot = p.leaving ? kNoSlot : static_cast<std::uint8_t>(p.slot);
      held.plan.add({NodeKind::fx, deck, slot, p.fx->node});
    }
    held.plan.add({NodeKind::strip, deck, 0, nullptr});
  }
  held.places = places;
}

std::shared_ptr<PlanBuilder::Fx> PlanBuilder::make_fx(int effect) {
  return std::make_shared<Fx>(effect, next_instance_++, rate_, effects_);
}

std::vector<PlanBuilder::Slot> PlanBuilder::slots_of(const msg::Plan* plan) const {
  std::vector<Slot> slots;
  for (const Held& h : held_) {
    if (&h.plan != plan) continue;
    for (const Place& p : h.places) {
      slots.push_back({p.deck, p.slot, p.leaving, p.fx->instance->effect(), p.fx->serial});
    }
  }
  return slots;
}

const msg::Plan* PlanBuilder::put(const std::vector<Slot>& slots) {
  std::vector<Place> places;
  for (const Slot& s : slots) {
    const auto old =
        std::find_if(places_.begin(), places_.end(), [&s](const Place& p) { return p.fx->serial == s.instance; });
    std::shared_ptr<Fx> fx = old != places_.end() ? old->fx : nullptr;
    if (!fx) {
      next_instance_ = s.instance;
      fx = make_fx(s.effect);
    }
    places.push_back({s.deck, s.slot, s.leaving, std::move(fx)});
  }
  ++next_id_;
  held_.emplace_back();
  build(held_.back(), places);
  places_ = std::move(places);
  return &held_.back().plan;
}

bool PlanBuilder::set(int deck, int slot, int effect, const Send& send) {
  std::vector<Place> places = places_;
  for (Place& p : places) {
    if (p.deck != deck || p.slot != slot || p.leaving) continue;
    msg::Command off;
    off.op = msg::Op::set_param;
    off.param = msg::Param::fx_on;
    off.deck = static_cast<std::uint8_t>(deck);
    off.index = static_cast<std::uint8_t>(slot);
    off.a = 0;
    if (!send(off)) return false;
    p.leaving = true;
  }
  if (effect >= 0) places.push_back({deck, slot, false, make_fx(effect)});
  // In the order of their slots, whatever the order in which they were put in; what leaves stays before what comes.
  std::stable_sort(places.begin(), places.end(),
                   [](const Place& a, const Place& b) { return a.deck != b.deck ? a.deck < b.deck : a.slot < b.slot; });
  return swap(std::move(places), send);
}

bool PlanBuilder::tick(const Send& send) {
  std::vector<Place> places = places_;
  const auto gone = std::erase_if(places, [](const Place& p) { return p.leaving && !p.fx->node->running(); });
  return gone == 0 || swap(std::move(places), send);
}

bool PlanBuilder::swap(std::vector<Place> places, const Send& send) {
  ++next_id_;
  held_.emplace_back();
  build(held_.back(), places);
  msg::Command c;
  c.op = msg::Op::swap_plan;
  c.plan = &held_.back().plan;
  if (!send(c)) {
    held_.pop_back();
    return false;
  }
  places_ = std::move(places);
  return true;
}

void PlanBuilder::released(const msg::Plan* plan) {
  held_.remove_if([plan](const Held& h) { return &h.plan == plan; });
}

int PlanBuilder::effect(int deck, int slot) const {
  for (const Place& p : places_) {
    if (p.deck == deck && p.slot == slot && !p.leaving) return p.fx->instance->effect();
  }
  return -1;
}

}  // namespace tactus::ctl
