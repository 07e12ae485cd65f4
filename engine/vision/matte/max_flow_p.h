// SPDX-License-Identifier: Apache-2.0
// Smallest cut of a graph whose nodes have up to eight neighbours. Deterministic: whole numbers, first in first out.
// Maths: Boykov and Kolmogorov 2004, "An experimental comparison of min-cut/max-flow algorithms".
#pragma once

#include <array>
#include <cstdint>
#include <stop_token>
#include <vector>

namespace kinora::vision {

class MaxFlow {
 public:
  // Directions in turn: 0..3 and their opposites 4..7.
  static constexpr int kDirections = 8;
  static constexpr int opposite(int direction) { return (direction + 4) & 7; }

  explicit MaxFlow(std::int32_t nodes);

  // Cost of giving the node to the sink (so: how much it wants to be source), minus that of giving it to the source.
  void addTerminal(std::int32_t node, std::int32_t towardsSource) { nodes_[index(node)].terminal += towardsSource; }
  // Joins a node with the one in a direction, the same cost both ways. Each pair once, from either side.
  void join(std::int32_t node, int direction, std::int32_t other, std::int32_t cost);
  // False when stopped.
  [[nodiscard]] bool solve(const std::stop_token& stop);
  // After solve(): nodes that no cut separates from the source.
  [[nodiscard]] bool isSource(std::int32_t node) const { return nodes_[index(node)].tree == 1; }

 private:
  struct Node {
    std::array<std::int32_t, kDirections> neighbour{-1, -1, -1, -1, -1, -1, -1, -1};
    std::array<std::int32_t, kDirections> capacity{};
    std::int32_t terminal = 0; // rest capacity: > 0 from the source, < 0 to the sink
    std::int32_t stamp = 0;
    std::int32_t distance = 0;
    std::int8_t parent = kNone;
    std::int8_t tree = 0; // 1 source, 2 sink
    bool queued = false;
  };
  static constexpr std::int8_t kNone = -1;
  static constexpr std::int8_t kTerminal = 8;
  static constexpr std::int8_t kOrphan = 9;

  static std::size_t index(std::int32_t node) { return static_cast<std::size_t>(node); }
  void activate(std::int32_t node);
  void augment(std::int32_t sourceSide, int direction);
  void adopt(std::int32_t node);
  void makeOrphan(std::int32_t node);
  // Capacity of the arc between a node and its neighbour, in the direction that the node's tree grows or is fed.
  [[nodiscard]] std::int32_t outward(const Node& n, int d) const {
    return n.tree == 1 ? n.capacity[static_cast<std::size_t>(d)]
                       : nodes_[index(n.neighbour[static_cast<std::size_t>(d)])]
                             .capacity[static_cast<std::size_t>(opposite(d))];
  }
  [[nodiscard]] std::int32_t inward(const Node& n, int d) const {
    return n.tree == 1 ? nodes_[index(n.neighbour[static_cast<std::size_t>(d)])]
                             .capacity[static_cast<std::size_t>(opposite(d))]
                       : n.capacity[static_cast<std::size_t>(d)];
  }

  std::vector<Node> nodes_;
  std::vector<std::int32_t> queue_; // ring of active nodes; a node is in it at most once
  std::size_t head_ = 0;
  std::size_t queued_ = 0;
  std::vector<std::int32_t> orphans_;
  std::size_t orphanHead_ = 0;
  std::int32_t time_ = 0;
};

} // namespace kinora::vision
