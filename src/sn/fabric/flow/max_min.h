// sn/fabric/flow/max_min.h
//
// Weighted max-min fair rates of flows over links, worked out anew only where something changed.
//
// A class is a path with a weight and a number of members, flows that share one rate. The rates are
// those at which every flow has a bottleneck: a full link on its path where no flow has a higher
// level (Bertsekas and Gallager, "Data Networks", 1992, 6.5.2); level = rate / weight. That
// allocation is unique, so a part may be solved alone as long as the condition holds everywhere:
// `solve` fills the classes whose bottleneck was touched over what the others leave, looks for
// classes whose condition fails at a link of that part, takes them in, and fills again.
// Progressive filling: links by the level at which they would be full, which only grows while
// others freeze (a heap with late keys). Cost: paths of the part x log(links).
// Limits: rates settle at once; a path crosses a link once.

#pragma once

#include <cstdint>
#include <span>
#include <vector>

namespace sn::fabric {

class MaxMin {
 public:
  using Link = std::uint32_t;
  using Class = std::uint32_t;

  static constexpr Link none = 0xffffffff;

  /// `capacity` > 0 in any unit of rate.
  Link add_link(double capacity);
  void set_capacity(Link link, double capacity);

  /// A class without members yet; `path` not empty, its links distinct, `weight` > 0.
  Class add_class(std::span<const Link> path, double weight = 1.0);
  /// Rates follow at the next `solve`; a change that is taken back before it costs nothing.
  void add_members(Class c, std::int64_t change);

  /// Classes whose rate is another now.
  const std::vector<Class>& solve();

  /// Of one member, as of the last `solve`; 0 without members.
  [[nodiscard]] double rate(Class c) const { return classes_[c].rate; }
  [[nodiscard]] std::int64_t members(Class c) const { return classes_[c].members; }
  /// The full link that holds it back.
  [[nodiscard]] Link bottleneck(Class c) const { return classes_[c].bottleneck; }
  [[nodiscard]] double capacity(Link l) const { return links_[l].capacity; }
  /// Sum of all rates over it, as of the last `solve`.
  [[nodiscard]] double load(Link l) const { return links_[l].load; }
  [[nodiscard]] std::size_t links() const { return links_.size(); }
  [[nodiscard]] std::size_t classes() const { return classes_.size(); }
  [[nodiscard]] std::span<const Link> path(Class c) const {
    return {paths_.data() + classes_[c].begin, classes_[c].hops};
  }
  /// Classes that were filled since the start: what `solve` cost.
  [[nodiscard]] std::uint64_t filled() const { return filled_; }

 private:
  struct LinkState {
    double capacity = 0.0;
    double load = 0.0;
    double left = 0.0;       // while filling
    double open = 0.0;       // weight of what is not frozen yet
    std::uint32_t held = 0;  // classes outside of the part that have their bottleneck here
    std::uint32_t dead = 0;  // classes without members among those that cross it
    bool dirty = false;
    bool inside = false;  // of the part that is being solved
    bool live = false;    // the part has members over it
  };
  struct ClassState {
    double weight = 1.0;
    double rate = 0.0;
    double was = 0.0;  // before this solve
    std::int64_t members = 0;
    std::int64_t counted = 0;  // members whose rates are in the loads
    Link bottleneck = none;
    std::uint32_t begin = 0;  // in paths_
    std::uint32_t hops = 0;
    bool dirty = false;
    bool inside = false;
    bool frozen = false;
  };
  /// What is known to cross a link; classes without members are dropped from it now and then.
  using Crossing = std::vector<Class>;

  void take(Class c);
  void take_link(Link l);
  void fill();
  void expand(std::vector<Class>& more);
  void settle();
  void prune(Link l);
  void freeze(Link l, double level);
  void enlist(Class c);
  [[nodiscard]] double level(const ClassState& c) const { return c.rate / c.weight; }

  std::vector<LinkState> links_;
  std::vector<Crossing> crossing_;
  std::vector<ClassState> classes_;
  std::vector<Link> paths_;
  std::vector<std::uint8_t> listed_;  // beside paths_: the class stands in that link's crossing_
  std::vector<Class> dirty_;
  std::vector<Link> dirty_links_;
  std::vector<Class> part_;
  std::vector<Link> part_links_;
  std::vector<Class> changed_;
  std::vector<Class> more_;
  std::vector<Link> shrunk_;
  std::vector<std::pair<double, Link>> heap_;
  std::uint64_t filled_ = 0;
};

}  // namespace sn::fabric
