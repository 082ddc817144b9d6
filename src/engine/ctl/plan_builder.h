// Builds the engine's plans: the fixed chain of every deck with the effects that are in its slots, and owns the
// effects.
//
// An effect that is taken out is first switched off and stays in the plans until its tail has ended; it is freed when
// no plan that the engine may still hold refers to it. Control thread only.
#pragma once

#include <cstdint>
#include <functional>
#include <list>
#include <memory>
#include <vector>

#include "engine/msg/command.h"
#include "engine/msg/plan.h"
#include "engine/rt/fx_node.h"

namespace tactus::ctl {

class PlanBuilder {
 public:
  using Send = std::function<bool(const msg::Command&)>;  // false: the ring to the engine is full

  PlanBuilder(int decks, SampleRate rate);
  ~PlanBuilder();

  const msg::Plan* current() const { return &held_.back().plan; }
  // Puts effect `effect` (index into msg::fx_table()) into the slot, or takes out what is there with -1. False when the
  // engine couldn't be told: nothing has changed.
  bool set(int deck, int slot, int effect, const Send& send);
  // Takes out effects whose tails have ended.
  bool tick(const Send& send);
  // The engine let go of a plan.
  void released(const msg::Plan* plan);

  // What a plan that is still held has in its slots, in the plan's order; and, for a replay, a plan that has just that.
  // Equal instances are one effect, whose state goes on from plan to plan.
  struct Slot {
    int deck = 0, slot = 0;
    bool leaving = false;
    int effect = 0;  // index into msg::fx_table()
    std::uint64_t instance = 0;
    bool operator==(const Slot&) const = default;
  };
  std::vector<Slot> slots_of(const msg::Plan* plan) const;
  const msg::Plan* put(const std::vector<Slot>& slots);

  // -1: the slot is empty.
  int effect(int deck, int slot) const;
  std::size_t plans_held() const { return held_.size(); }
  std::size_t effects_held() const { return effects_ ? static_cast<std::size_t>(*effects_) : 0; }

 private:
  struct Fx;
  struct Place {
    int deck = 0, slot = 0;
    bool leaving = false;
    std::shared_ptr<Fx> fx;
  };
  struct Held {
    msg::Plan plan;
    std::vector<Place> places;
  };
  bool swap(std::vector<Place> places, const Send& send);
  void build(Held& held, const std::vector<Place>& places) const;
  std::shared_ptr<Fx> make_fx(int effect);

  int decks_;
  SampleRate rate_;
  std::uint64_t next_id_ = 1, next_instance_ = 1;
  std::vector<Place> places_;
  std::list<Held> held_;  // the last one is the current
  std::shared_ptr<int> effects_ = std::make_shared<int>(0);
};

}  // namespace tactus::ctl
