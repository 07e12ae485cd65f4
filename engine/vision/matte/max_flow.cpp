// SPDX-License-Identifier: Apache-2.0
#include "engine/vision/matte/max_flow_p.h"

#include <algorithm>
#include <limits>

namespace kinora::vision {
namespace {

constexpr std::size_t at(int direction) {
  return static_cast<std::size_t>(direction);
}

} // namespace

MaxFlow::MaxFlow(std::int32_t nodes) : nodes_(index(nodes)), queue_(index(nodes)) {}

void MaxFlow::join(std::int32_t node, int direction, std::int32_t other, std::int32_t cost) {
  Node& a = nodes_[index(node)];
  Node& b = nodes_[index(other)];
  a.neighbour[at(direction)] = other;
  a.capacity[at(direction)] = cost;
  b.neighbour[at(opposite(direction))] = node;
  b.capacity[at(opposite(direction))] = cost;
}

void MaxFlow::activate(std::int32_t node) {
  Node& n = nodes_[index(node)];
  if (n.queued)
    return;
  n.queued = true;
  queue_[(head_ + queued_) % queue_.size()] = node;
  ++queued_;
}

void MaxFlow::makeOrphan(std::int32_t node) {
  nodes_[index(node)].parent = kOrphan;
  orphans_.push_back(node);
}

bool MaxFlow::solve(const std::stop_token& stop) {
  for (std::int32_t i = 0; i < static_cast<std::int32_t>(nodes_.size()); ++i) {
    Node& n = nodes_[index(i)];
    if (n.terminal == 0)
      continue;
    n.tree = n.terminal > 0 ? 1 : 2;
    n.parent = kTerminal;
    n.distance = 1;
    activate(i);
  }
  int untilCheck = 0;
  while (queued_ > 0) {
    if (--untilCheck < 0) {
      untilCheck = 4096;
      if (stop.stop_requested())
        return false;
    }
    const std::int32_t current = queue_[head_];
    Node& n = nodes_[index(current)];
    int meeting = -1;
    if (n.tree != 0) {
      for (int d = 0; d < kDirections; ++d) {
        const std::int32_t other = n.neighbour[at(d)];
        if (other < 0 || outward(n, d) <= 0)
          continue;
        Node& o = nodes_[index(other)];
        if (o.tree == 0) {
          o.tree = n.tree;
          o.parent = static_cast<std::int8_t>(opposite(d));
          o.stamp = n.stamp;
          o.distance = n.distance + 1;
          activate(other);
        } else if (o.tree != n.tree) {
          meeting = d;
          break;
        } else if (o.stamp <= n.stamp && o.distance > n.distance + 1) {
          o.parent = static_cast<std::int8_t>(opposite(d)); // a shorter way to the terminal
          o.stamp = n.stamp;
          o.distance = n.distance + 1;
        }
      }
    }
    if (meeting < 0) {
      n.queued = false;
      head_ = (head_ + 1) % queue_.size();
      --queued_;
      continue;
    }
    // The node stays at the head: there may be more paths through it.
    ++time_;
    if (n.tree == 1)
      augment(current, meeting);
    else
      augment(n.neighbour[at(meeting)], opposite(meeting));
    while (orphanHead_ < orphans_.size())
      adopt(orphans_[orphanHead_++]);
    orphans_.clear();
    orphanHead_ = 0;
  }
  return true;
}

void MaxFlow::augment(std::int32_t sourceSide, int direction) {
  Node& s = nodes_[index(sourceSide)];
  const std::int32_t sinkSide = s.neighbour[at(direction)];
  std::int32_t flow = s.capacity[at(direction)];
  for (std::int32_t i = sourceSide;;) {
    const Node& n = nodes_[index(i)];
    if (n.parent == kTerminal) {
      flow = std::min(flow, n.terminal);
      break;
    }
    flow = std::min(flow, inward(n, n.parent));
    i = n.neighbour[at(n.parent)];
  }
  for (std::int32_t i = sinkSide;;) {
    const Node& n = nodes_[index(i)];
    if (n.parent == kTerminal) {
      flow = std::min(flow, -n.terminal);
      break;
    }
    flow = std::min(flow, inward(n, n.parent));
    i = n.neighbour[at(n.parent)];
  }
  s.capacity[at(direction)] -= flow;
  nodes_[index(sinkSide)].capacity[at(opposite(direction))] += flow;
  for (std::int32_t i = sourceSide;;) {
    Node& n = nodes_[index(i)];
    if (n.parent == kTerminal) {
      n.terminal -= flow;
      if (n.terminal == 0)
        makeOrphan(i);
      break;
    }
    const int d = n.parent;
    const std::int32_t up = n.neighbour[at(d)];
    std::int32_t& feeding = nodes_[index(up)].capacity[at(opposite(d))];
    feeding -= flow;
    n.capacity[at(d)] += flow;
    if (feeding == 0)
      makeOrphan(i);
    i = up;
  }
  for (std::int32_t i = sinkSide;;) {
    Node& n = nodes_[index(i)];
    if (n.parent == kTerminal) {
      n.terminal += flow;
      if (n.terminal == 0)
        makeOrphan(i);
      break;
    }
    const int d = n.parent;
    const std::int32_t up = n.neighbour[at(d)];
    n.capacity[at(d)] -= flow;
    nodes_[index(up)].capacity[at(opposite(d))] += flow;
    if (n.capacity[at(d)] == 0)
      makeOrphan(i);
    i = up;
  }
}

void MaxFlow::adopt(std::int32_t node) {
  constexpr std::int32_t kFar = std::numeric_limits<std::int32_t>::max();
  Node& n = nodes_[index(node)];
  int best = -1;
  std::int32_t bestDistance = kFar;
  for (int d = 0; d < kDirections; ++d) {
    const std::int32_t candidate = n.neighbour[at(d)];
    if (candidate < 0 || nodes_[index(candidate)].tree != n.tree || inward(n, d) <= 0)
      continue;
    // Follow the candidate to its origin: only a way that ends at the terminal counts.
    std::int32_t distance = 0;
    std::int32_t i = candidate;
    for (;;) {
      const Node& c = nodes_[index(i)];
      if (c.stamp == time_) {
        distance += c.distance;
        break;
      }
      ++distance;
      if (c.parent == kTerminal)
        break;
      if (c.parent == kOrphan || c.parent == kNone) {
        distance = kFar;
        break;
      }
      i = c.neighbour[at(c.parent)];
    }
    if (distance == kFar)
      continue;
    if (distance < bestDistance) {
      bestDistance = distance;
      best = d;
    }
    // Mark the way, so that the next search ends early on it.
    for (i = candidate;;) {
      Node& c = nodes_[index(i)];
      if (c.stamp == time_)
        break;
      c.stamp = time_;
      c.distance = distance--;
      if (c.parent == kTerminal)
        break;
      i = c.neighbour[at(c.parent)];
    }
  }
  if (best >= 0) {
    n.parent = static_cast<std::int8_t>(best);
    n.stamp = time_;
    n.distance = bestDistance + 1;
    return;
  }
  for (int d = 0; d < kDirections; ++d) {
    const std::int32_t other = n.neighbour[at(d)];
    if (other < 0)
      continue;
    Node& o = nodes_[index(other)];
    if (o.tree != n.tree)
      continue;
    if (inward(n, d) > 0)
      activate(other);
    if (o.parent == static_cast<std::int8_t>(opposite(d)))
      makeOrphan(other);
  }
  n.tree = 0;
  n.parent = kNone;
  // A free node that is still in the queue is passed over when its turn comes.
}

} // namespace kinora::vision
