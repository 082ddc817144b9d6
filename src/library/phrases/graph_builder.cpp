#include "library/phrases/graph_builder.h"

// Else hnswlib (0.6.2) prefetches by the entry one past a list's end, which may lie outside of its memory.
#define NO_MANUAL_VECTORIZATION
#include <hnswlib/hnswlib.h>

#include <algorithm>
#include <cstdlib>
#include <cstring>
#include <memory>
#include <numeric>

#include "library/phrases/dot.h"

namespace tactus::library {

namespace {

using Graph = hnswlib::HierarchicalNSW<float>;

// A vector's numbers, and behind them the inverse of its length.
float cosine_distance(const void* a, const void* b, const void* stride) {
  const std::size_t n = *static_cast<const std::size_t*>(stride);
  const auto *x = static_cast<const std::int8_t*>(a), *y = static_cast<const std::int8_t*>(b);
  float of_x = 0, of_y = 0;
  std::memcpy(&of_x, x + n, sizeof of_x);
  std::memcpy(&of_y, y + n, sizeof of_y);
  return 1.0F - static_cast<float>(dot_function()(x, y, n)) * of_x * of_y;
}

class CosineSpace final : public hnswlib::SpaceInterface<float> {
 public:
  explicit CosineSpace(std::size_t stride) : stride_(stride) {}
  std::size_t get_data_size() override { return stride_ + sizeof(float); }
  hnswlib::DISTFUNC<float> get_dist_func() override { return cosine_distance; }
  void* get_dist_func_param() override { return &stride_; }

 private:
  std::size_t stride_;
};

void put_numbers(const IndexItem& item, std::size_t stride, char* to) {
  std::memcpy(to, item.vector, stride);
  std::memcpy(to + stride, &item.inverse_length, sizeof item.inverse_length);
}

// hnswlib reads nothing but its own files; this sets it to what such a file would have set it to. It follows links
// unseen, so those that lead nowhere are left out.
void take_over(Graph& graph, const IndexFile& from, std::span<const IndexItem> items) {
  const std::size_t n = from.count();
  const auto put_links = [&](unsigned* list, std::size_t node, std::uint32_t level) {
    const std::size_t most = level == 0 ? graph.maxM0_ : graph.maxM_;
    unsigned count = 0;
    for (const std::uint32_t next : from.neighbours(node, level))
      if (next < n && next != node && from.level(next) >= level && count < most) list[++count] = next;
    list[0] = count;
  };
  for (std::size_t i = 0; i < n; ++i) {
    const auto node = static_cast<hnswlib::tableint>(i);
    std::memset(graph.data_level0_memory_ + i * graph.size_data_per_element_, 0, graph.size_data_per_element_);
    put_links(graph.get_linklist0(node), i, 0);
    put_numbers(items[i], from.stride(), graph.getDataByInternalId(node));
    graph.setExternalLabel(node, i);
    graph.label_lookup_[i] = node;
    const std::uint32_t level = from.level(i);
    graph.element_levels_[i] = static_cast<int>(level);
    graph.cur_element_count = i + 1;
    if (level == 0) continue;
    graph.linkLists_[i] = static_cast<char*>(std::calloc(level, graph.size_links_per_element_));
    if (graph.linkLists_[i] == nullptr) throw std::bad_alloc();
    for (std::uint32_t l = 1; l <= level; ++l) put_links(graph.get_linklist(node, static_cast<int>(l)), i, l);
  }
  graph.enterpoint_node_ = from.start();
  graph.maxlevel_ = static_cast<int>(from.level(from.start()));
}

std::unique_ptr<Graph> build_graph(CosineSpace& space, const IndexPlan& plan, std::span<const IndexItem> items,
                                   const BuildProgress& progress) {
  auto graph = std::make_unique<Graph>(&space, items.size(), kGraphLinks, kGraphEffort);
  std::size_t first = 0;
  if (plan.grown_from != nullptr) {
    take_over(*graph, *plan.grown_from, items);
    first = plan.grown_from->count();
    // Else it would deal out the levels that it dealt out before.
    graph->level_generator_.seed(static_cast<unsigned>(first));
  }
  std::string numbers(plan.stride + sizeof(float), '\0');
  for (std::size_t i = first; i < items.size(); ++i) {
    put_numbers(items[i], plan.stride, numbers.data());
    graph->addPoint(numbers.data(), i);
    if (i % 1024 == 0 && progress && !progress(static_cast<double>(i) / static_cast<double>(items.size())))
      return nullptr;
  }
  return graph;
}

void write_graph(IndexFileWriter& file, Graph& graph, std::size_t n) {
  file.begin(IndexPart::links);
  const auto put_links = [&](unsigned* list, std::size_t most) {
    const unsigned count = graph.getListCount(list);
    file.append(count);
    file.append(list + 1, most * sizeof(unsigned));
  };
  for (std::size_t i = 0; i < n; ++i) put_links(graph.get_linklist0(static_cast<hnswlib::tableint>(i)), graph.maxM0_);
  file.begin(IndexPart::upper_at);
  std::uint32_t at = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const int level = graph.element_levels_[i];
    file.append(level > 0 ? at : IndexFile::kNone);
    if (level > 0) at += 1 + static_cast<std::uint32_t>(level) * (1 + kGraphLinks);
  }
  file.begin(IndexPart::upper);
  for (std::size_t i = 0; i < n; ++i) {
    const int level = graph.element_levels_[i];
    if (level > 0) file.append(static_cast<std::uint32_t>(level));
    for (int l = 1; l <= level; ++l) put_links(graph.get_linklist(static_cast<hnswlib::tableint>(i), l), graph.maxM_);
  }
}

void write_entries(IndexFileWriter& file, std::size_t stride, std::span<const IndexItem> items) {
  file.begin(IndexPart::vectors);
  for (const IndexItem& i : items) file.append(i.vector, stride);
  file.begin(IndexPart::inverse_lengths);
  for (const IndexItem& i : items) file.append(i.inverse_length);
  file.begin(IndexPart::ids);
  for (const IndexItem& i : items) file.append(i.id);
  file.begin(IndexPart::tracks);
  for (const IndexItem& i : items) file.append(i.track);
  file.begin(IndexPart::bits);
  for (const IndexItem& i : items) file.append(i.bits);
  std::vector<std::uint32_t> order(items.size());
  std::iota(order.begin(), order.end(), 0U);
  std::sort(order.begin(), order.end(), [&](std::uint32_t a, std::uint32_t b) { return items[a].id < items[b].id; });
  file.begin(IndexPart::order);
  file.append(order.data(), order.size() * sizeof order[0]);
}

}  // namespace

bool write_index(const std::string& path, const IndexPlan& plan, std::span<const IndexItem> items,
                 const BuildProgress& progress) {
  IndexHeader header;
  header.dimensions = static_cast<std::uint32_t>(plan.dimensions);
  header.stride = static_cast<std::uint32_t>(plan.stride);
  header.count = items.size();
  header.covered = plan.covered;
  plan.embedder.copy(header.embedder.data(), kLongestEmbedder);
  CosineSpace space(plan.stride);
  std::unique_ptr<Graph> graph;
  if (items.size() >= plan.graph_from && !items.empty()) {
    graph = build_graph(space, plan, items, progress);
    if (!graph) return false;
    header.links = static_cast<std::uint32_t>(graph->maxM0_);
    header.upper_links = static_cast<std::uint32_t>(graph->maxM_);
    header.start = graph->enterpoint_node_;
    header.levels = static_cast<std::uint32_t>(graph->maxlevel_);
    for (std::size_t i = 0; i < items.size(); ++i) {
      const int level = graph->element_levels_[i];
      if (level > 0) header.upper_words += 1 + static_cast<std::uint64_t>(level) * (1 + kGraphLinks);
    }
  }
  IndexFileWriter file(path, header);
  write_entries(file, plan.stride, items);
  if (graph) write_graph(file, *graph, items.size());
  for (const IndexPart part : {IndexPart::links, IndexPart::upper_at, IndexPart::upper})
    if (!graph) file.begin(part);
  file.finish();
  return true;
}

}  // namespace tactus::library
