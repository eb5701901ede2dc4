// sn/serving/steady/prefill_test.cc

#include "sn/serving/steady/prefill.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <functional>
#include <queue>

#include "sn/base/random.h"
#include "sn/serving/steady/serving_test_util.h"

namespace sn::serving {
namespace {

using namespace sn::literals;

const KvTransfer no_transfer{.path = {}, .start = {}, .per_token = {}, .layers = 0.0};

llm::StepProgram program_of(const TestBed& bed, llm::Parallelism parallel) {
  return compile(bed.model, {.parallel = parallel, .precision = all_fp8}, bed.machine());
}

TEST(ChunkWork, ByHandForTwoClasses) {
  // Chunks of 1000. Half of the requests: 400 tokens, nothing cached: 1 step, 400 x 200 pairs, 400
  // keys. The other half: 3000 of which 500 hit: 2500 new ones, 3 steps, 2500 x (500 + 1250) pairs;
  // they read 1500, 2500 and 3000 keys, which the mean form counts as 3 x 500 + (1 + 2 + 3) / 3 x
  // 2500 = 6500.
  const Workload w = workload_of({{0.5, 400, 10}, {0.5, 3000, 10, 500}});
  const ChunkWork work = chunk_work(w, 1000.0, 1e6);
  EXPECT_NEAR(work.uncached, 0.5 * 400 + 0.5 * 2500, 1e-9);
  EXPECT_NEAR(work.chunks_per_request, 0.5 * 1 + 0.5 * 3, 1e-9);
  EXPECT_NEAR(work.hit_rate, 250.0 / 1700.0, 1e-12);
  const double full_chunks = 1450.0 / 1000.0;  // per mean request
  const double pairs = 0.5 * 400 * 200 + 0.5 * 2500 * 1750;
  EXPECT_NEAR(work.pairs_per_chunk, pairs / full_chunks, 1e-6);
  EXPECT_NEAR(work.keys_per_chunk, (0.5 * 400 + 0.5 * 6500) / full_chunks, 1e-6);
}

TEST(ChunkWork, ACapCutsWhatEachQueryReads) {
  // 5000 tokens in chunks of 1000, at most 1500 keys: the first 1500 queries read a triangle. The
  // chunks find 0, 1000 and three times 1500 keys before them.
  const Workload w = workload_of({{1.0, 5000, 10}});
  const ChunkWork work = chunk_work(w, 1000.0, 1e6, 1500.0);
  EXPECT_NEAR(work.pairs_per_chunk_capped, (0.5 * 1500 * 1500 + 1500.0 * 3500) / 5.0, 1e-6);
  EXPECT_NEAR(work.keys_per_chunk_capped, (5000.0 + 1000.0 + 3 * 1500.0) / 5.0, 1e-9);
  EXPECT_EQ(work.pairs_per_chunk, chunk_work(w, 1000.0, 1e6).pairs_per_chunk);
  EXPECT_EQ(chunk_work(w, 1000.0, 1e6).pairs_per_chunk_capped, 0.0);
}

TEST(ChunkWork, HitsReduceWorkByTheCachedTokens) {
  const Workload cold = workload_of({{1.0, 5000, 10}});
  const Workload warm = workload_of({{1.0, 5000, 10, 1800}});
  EXPECT_EQ(chunk_work(cold, 2048.0, 1e9).uncached, 5000.0);
  EXPECT_EQ(chunk_work(cold, 2048.0, 1e9).hit_rate, 0.0);
  EXPECT_EQ(chunk_work(warm, 2048.0, 1e9).uncached, 3200.0);
  EXPECT_NEAR(chunk_work(warm, 2048.0, 1e9).hit_rate, 0.36, 1e-12);
  EXPECT_EQ(chunk_work(warm, 2048.0, 0.0).uncached, 5000.0) << "no memory, no hits";
  // Everything cached: the last token is always computed.
  EXPECT_EQ(chunk_work(workload_of({{1.0, 100, 10, 100}}), 64.0, 1e9).uncached, 1.0);
}

TEST(KvTransfer, ExposedPartByHand) {
  KvTransfer t{.path = {.layer = fabric::Layer::scale_up,
                        .raw = 900_GB_per_s,
                        .sustained = 700_GB_per_s,
                        .latency = 1_us},
               .start = 10_us,
               .per_token = 70_kB,
               .layers = 50.0};
  // 10 000 tokens x 70 kB = 700 MB: 1 ms on the wire. Behind a prefill of a second only the last
  // layer shows.
  EXPECT_NEAR(t.exposed(10'000.0, 1_s).si(), 11e-6 + 1e-3 / 50.0, 1e-12);
  // ScaleOut at 35 GB/s: 20 ms. Behind 10 ms of prefill, of which 49 layers hide it, 10.2 ms
  // remain.
  t.path.sustained = 35_GB_per_s;
  EXPECT_NEAR(t.exposed(10'000.0, 10_ms).si(), 11e-6 + 20e-3 - 9.8e-3, 1e-12);
  t.layers = 0.0;
  EXPECT_EQ(t.exposed(10'000.0, 1_s), Time{});
}

TEST(Prefill, ZeroLoadIsTheSumOfItsSteps) {
  // 5000 tokens in chunks of 2048 on one TP8 instance: two full chunks and 904 tokens, which are
  // rounded up to four eighths of a chunk. Each step by StepModel, with the keys in front of it.
  const TestBed bed = test_bed("hgx-h200", 1, "llama-3.1-70b");
  const Workload w = workload_of({{1.0, 5000, 100}});
  const llm::StepProgram program = program_of(bed, {.tp = 8});
  PrefillModel model(program, w, 2048.0, no_transfer);
  const PrefillPoint idle = model.at(model.service(1e6), 0.0, 1.0);
  ASSERT_EQ(idle.classes.size(), 1u);
  llm::StepEvaluator steps(program);
  const auto step = [&](double tokens, double before, double counted) {
    return steps
        .eval({.prefill_tokens = counted,
               .prefill_pairs = tokens * (before + 0.5 * tokens),
               .prefill_context = before + tokens,
               .prefill_sequences = 0.5})
        .latency.si();
  };
  const double by_hand = bed.framework.before_first_step(5000.0).si() + step(2048, 0, 2048) +
                         step(2048, 2048, 2048) + step(904, 4096, 1024);
  EXPECT_NEAR(idle.classes[0].offset.si() / by_hand, 1.0, 0.002);
  EXPECT_EQ(idle.utilisation, 0.0);
  EXPECT_EQ(idle.wait.mean(), Time{});
  EXPECT_EQ(idle.residual, Time{});
}

TEST(Prefill, APipelineFillsOnceAndThenKeepsItsPace) {
  const TestBed bed = test_bed("hgx-h200", 1, "llama-3.1-70b");
  const Workload w = workload_of({{1.0, 4 * 2048, 100}});
  const llm::StepProgram program = program_of(bed, {.tp = 1, .pp = 4});
  PrefillModel model(program, w, 2048.0, no_transfer);
  const Time before = bed.framework.before_first_step(4 * 2048);
  const double own = (model.at(model.service(1e6), 0.0, 1.0).classes[0].offset - before).si();
  llm::StepEvaluator steps(program);
  // The mean chunk has 1.5 chunks in front of it.
  const llm::StepTime t = steps.eval({.prefill_tokens = 2048,
                                      .prefill_pairs = 2048 * (1.5 * 2048 + 1024),
                                      .prefill_context = 2.5 * 2048,
                                      .prefill_sequences = 0.25});
  EXPECT_NEAR(own / (4.0 * t.interval.si() + (t.latency - t.interval).si()), 1.0, 1e-9);
  EXPECT_GT(t.latency, 3.0 * t.interval) << "four stages, but one head and one host";
}

TEST(Prefill, CapacityIsTheReciprocalOfTheOccupancy) {
  // 1024 prompts of 128 tokens fill 64 chunks of 2048: the instance serves them in 64 full steps,
  // whose scores are those of all their requests.
  const TestBed bed = test_bed("hgx-h200", 1, "llama-3.1-70b");
  const Workload w = workload_of({{1.0, 128, 100}});
  const llm::StepProgram program = program_of(bed, {.tp = 8});
  PrefillModel model(program, w, 2048.0, no_transfer);
  const PrefillService& s = model.service(1e6);
  llm::StepEvaluator steps(program);
  const double full = steps
                          .eval({.prefill_tokens = 2048,
                                 .prefill_pairs = 16.0 * 128.0 * 64.0,
                                 .prefill_context = 2048,
                                 .prefill_sequences = 16.0})
                          .interval.si();
  EXPECT_NEAR(s.occupancy.si() * 16.0 / full, 1.0, 1e-6);
  EXPECT_NEAR(s.occupancy2, 0.0, 1e-12);
  // Without a target on TTFT, the largest rate is that of a pool at 99.9 %.
  EXPECT_NEAR(model.largest_rate(s, 3.0, {}) * s.occupancy.si() / 3.0, 0.999, 1e-4);
}

TEST(Prefill, CachedTokensAreReadNotComputed) {
  const TestBed bed = test_bed("hgx-h200", 1, "llama-3.1-70b");
  const Workload cold = workload_of({{1.0, 1024, 100}});
  const Workload warm = workload_of({{1.0, 5120, 100, 4096}});
  const llm::StepProgram program = program_of(bed, {.tp = 8});
  PrefillModel a(program, cold, 1024.0, no_transfer);
  PrefillModel b(program, warm, 1024.0, no_transfer);
  EXPECT_EQ(a.service(1e6).uncached, b.service(1e6).uncached);
  const double extra = (b.service(1e6).occupancy - a.service(1e6).occupancy).si();
  EXPECT_GT(extra, 0.0) << "scores against the cached prefix";
  // 1024 x 4096 pairs x 80 layers x 8 heads x 2 x 2 x 128 FLOPs on 989 TFLOP/s at no less than a
  // fifth of that.
  const double scores = 1024.0 * 4096.0 * 80.0 * 8.0 * 512.0 / 989e12;
  EXPECT_LT(extra, 5.0 * scores + 80.0 * 20e-6);
  EXPECT_GT(extra, scores);
}

TEST(Prefill, TtftGrowsWithLoad) {
  const TestBed bed = test_bed("hgx-h200", 1, "deepseek-v3");
  const Workload w = chat();
  for (const llm::Parallelism p : {llm::Parallelism{.tp = 8}, llm::Parallelism{.dp = 8, .ep = 8},
                                   llm::Parallelism{.tp = 2, .pp = 4}}) {
    SCOPED_TRACE(llm::to_string(p));
    const llm::StepProgram program = program_of(bed, p);
    PrefillModel model(program, w, 2048.0, no_transfer);
    const PrefillService& s = model.service(1e6);
    const double servers = 2.0 * static_cast<double>(p.dp);
    const double most = servers / s.occupancy.si();
    Time last_mean;
    Time last_p90;
    for (const double share : {0.0, 0.2, 0.4, 0.6, 0.8, 0.9, 0.95}) {
      const PrefillPoint at = model.at(s, share * most, servers);
      EXPECT_NEAR(at.utilisation, share, 1e-9);
      const Time mean = delay_mean(at.classes, at.wait);
      const Time p90 = delay_quantile(at.classes, at.wait, 0.9);
      EXPECT_GT(mean, last_mean);
      EXPECT_GE(p90, last_p90);
      last_mean = mean;
      last_p90 = p90;
    }
    const Slo slo = {ttft(0.9, last_p90.si())};
    EXPECT_NEAR(model.largest_rate(s, servers, slo) / most, 0.95, 1e-3);
    EXPECT_EQ(model.largest_rate(s, servers, {ttft(0.9, 1e-3)}), 0.0);
  }
}

/// A pool by event simulation: first come first served at the rank whose step ends first of those
/// with the least backlog; every step takes up to a chunk from the head of each rank's queue,
/// packing what is short, and ends for all ranks of its instance together. Nothing overtakes in a
/// pipeline, which holds as many steps as it has stages, and a request goes to the one that it
/// would leave first. Times of the steps from StepModel, with the busiest rank's scores.
class Pool {
 public:
  Pool(const llm::StepProgram& program, const Workload& w, double chunk, std::size_t instances)
      : steps_(program, 4096),
        workload_(w),
        chunk_(chunk),
        ranks_(static_cast<std::size_t>(program.deployment().parallel.dp)),
        queues_(instances * ranks_),
        backlog_(instances * ranks_),
        running_(instances),
        left_(instances) {}

  struct Seen {
    double mean = 0.0;
    double p90 = 0.0;
  };

  Seen run(double rate, std::size_t requests) {
    RandomStream stream(5, entity_key("prefill pool"));
    double next = stream.exponential(1.0 / rate);
    std::size_t arrived = 0;
    while (delays_.size() < requests) {
      const auto first =
          std::min_element(running_.begin(), running_.end(),
                           [](const Step& a, const Step& b) { return a.end < b.end; });
      if (arrived < requests && next < first->end) {
        arrive(draw(stream, next));
        ++arrived;
        next += stream.exponential(1.0 / rate);
        continue;
      }
      const double now = first->end;
      for (const double since : first->done) delays_.push_back(now + first->drain - since);
      start(static_cast<std::size_t>(first - running_.begin()), now);
    }
    std::sort(delays_.begin(), delays_.end());
    double sum = 0.0;
    for (const double t : delays_) sum += t;
    return {sum / static_cast<double>(requests), delays_[requests * 9 / 10]};
  }

 private:
  static constexpr double idle = 1e300;
  struct Job {
    double arrival;
    double left;
    double before;  // keys in front of the next token
  };
  struct Step {
    double end = idle;
    double drain = 0.0;        // from the end of the first stage to the token
    std::vector<double> done;  // arrivals of the requests that finish
  };

  Job draw(RandomStream& stream, double now) const {
    double x = stream.uniform();
    std::size_t k = 0;
    while (k + 1 < workload_.classes.size() && x > workload_.classes[k].weight) {
      x -= workload_.classes[k++].weight;
    }
    const RequestClass& c = workload_.classes[k];
    const double hit = c.cached.empty() ? 0.0 : c.cached.back();
    return {now, c.input - hit, hit};
  }

  void arrive(const Job& job) {
    std::size_t to = 0;
    if (steps_.program().deployment().parallel.pp > 1) {
      const std::array<double, 2> own = alone(job);
      const auto out = [&](std::size_t rank) { return leaves(rank, job.arrival, own); };
      for (std::size_t i = 1; i < queues_.size(); ++i) to = out(i) < out(to) ? i : to;
    } else {
      // Of ranks with equal backlog, one whose instance is idle starts it at once, and one whose
      // step ends first starts it next.
      const auto free = [&](std::size_t rank) {
        const double end = running_[rank / ranks_].end;
        return end == idle ? 0.0 : end;
      };
      const auto better = [&](std::size_t a, std::size_t b) {
        return backlog_[a] != backlog_[b] ? backlog_[a] < backlog_[b] : free(a) < free(b);
      };
      for (std::size_t i = 1; i < queues_.size(); ++i) to = better(i, to) ? i : to;
    }
    queues_[to].push_back(job);
    backlog_[to] += job.left;
    if (running_[to / ranks_].end == idle) start(to / ranks_, job.arrival);
  }

  /// Seconds that a request's own chunks keep the first stage, and the drain of the last.
  std::array<double, 2> alone(const Job& job) {
    std::array<double, 2> out = {};
    for (double at = 0.0; at < job.left; at += chunk_) {
      const double take = std::min(chunk_, job.left - at);
      const double before = job.before + at;
      const llm::StepTime t = steps_.eval({.prefill_tokens = take,
                                           .prefill_pairs = take * (before + 0.5 * take),
                                           .prefill_context = before + take});
      out = {out[0] + t.interval.si(), (t.latency - t.interval).si()};
    }
    return out;
  }

  /// When a request with `own` chunks would come out of a pipeline behind what waits there.
  double leaves(std::size_t rank, double now, const std::array<double, 2>& own) {
    const double end = running_[rank].end;
    double ahead = 0.0;
    for (const Job& job : queues_[rank]) ahead += alone(job)[0];
    const double enters = (end == idle ? now : end) + ahead;
    const double last = left_[rank].empty() ? 0.0 : left_[rank].back() + ahead;
    return std::max(enters + own[1], last) + own[0];
  }

  void start(std::size_t instance, double now) {
    Step& step = running_[instance];
    step = {};
    double tokens = 0.0;
    llm::BatchShape shape;
    for (std::size_t r = instance * ranks_; r < (instance + 1) * ranks_; ++r) {
      llm::BatchShape own;
      while (!queues_[r].empty() && own.prefill_tokens < chunk_) {
        Job& job = queues_[r].front();
        const double take = std::min(job.left, chunk_ - own.prefill_tokens);
        own.prefill_tokens += take;
        own.prefill_pairs += take * (job.before + 0.5 * take);
        own.prefill_context += job.before + take;
        job.before += take;
        job.left -= take;
        backlog_[r] = queues_[r].size() == 1 && job.left <= 0.0 ? 0.0 : backlog_[r] - take;
        if (job.left > 0.0) break;
        step.done.push_back(job.arrival);
        queues_[r].pop_front();
      }
      tokens += own.prefill_tokens;
      shape.prefill_pairs = std::max(shape.prefill_pairs, own.prefill_pairs);
      shape.prefill_context = std::max(shape.prefill_context, own.prefill_context);
    }
    if (tokens <= 0.0) return;
    const auto ranks = static_cast<double>(ranks_);
    shape.prefill_tokens = std::ceil(tokens / ranks / 16.0) * 16.0;
    shape.prefill_sequences = static_cast<double>(step.done.size()) / ranks;
    const llm::StepTime t = steps_.eval(shape);
    std::deque<double>& left = left_[instance];
    const auto stages = static_cast<std::size_t>(steps_.program().deployment().parallel.pp);
    double out = now + t.latency.si();
    if (stages > 1 && !left.empty()) out = std::max(out, left.back() + t.interval.si());
    left.push_back(out);
    if (left.size() > stages) left.pop_front();
    // The next may enter when the first stage is free and one of all in flight has come out.
    step.end = now + t.interval.si();
    if (left.size() == stages) step.end = std::max(step.end, left.front());
    step.drain = out - step.end;
  }

  llm::StepEvaluator steps_;
  const Workload& workload_;
  double chunk_;
  std::size_t ranks_;
  std::vector<std::deque<Job>> queues_;   // by rank
  std::vector<double> backlog_;           // tokens, by rank
  std::vector<Step> running_;             // by instance
  std::vector<std::deque<double>> left_;  // when its last steps leave it, one a stage
  std::vector<double> delays_;
};

TEST(Prefill, AgreesWithAnEventSimulationOfThePool) {
  const TestBed bed = test_bed("hgx-h200", 4, "deepseek-v3");
  const Workload w = chat();
  for (const llm::Parallelism p :
       {llm::Parallelism{.tp = 8}, llm::Parallelism{.pp = 8}, llm::Parallelism{.dp = 8, .ep = 8},
        llm::Parallelism{.tp = 2, .dp = 4, .ep = 8}}) {
    SCOPED_TRACE(llm::to_string(p));
    const llm::StepProgram program = program_of(bed, p);
    constexpr double chunk = 4096.0;
    PrefillModel model(program, w, chunk, no_transfer);
    const PrefillService& s = model.service(1e9);
    for (const double share : {0.5, 0.7, 0.85}) {
      const double servers = 4.0 * static_cast<double>(p.dp);
      const double rate = share * servers / s.occupancy.si();
      const PrefillPoint at = model.at(s, rate, servers);
      const Pool::Seen seen = Pool(program, w, chunk, 4).run(rate, 30'000);
      // On the safe side: chunks are packed while there is a queue, and a full instance is taken to
      // have all its ranks busy.
      const double mean = delay_mean(at.classes, at.wait).si() / seen.mean;
      const double p90 = delay_quantile(at.classes, at.wait, 0.9).si() / seen.p90;
      if (p.pp > 1 && share > 0.8) {  // a known limit of the formula, see prefill.h
        EXPECT_GT(mean, 0.30) << share;
        continue;
      }
      EXPECT_GT(mean, 0.90) << share;
      EXPECT_LT(mean, p.dp > 1 ? 1.9 : 1.35) << share;
      EXPECT_GT(p90, 0.80) << share;
      EXPECT_LT(p90, p.dp > 1 ? 2.5 : 1.30) << share;
    }
  }
}

TEST(Prefill, EnergyIsAboveIdlePower) {
  const TestBed bed = test_bed("hgx-h200", 2, "deepseek-v3");
  const Workload w = chat();
  const llm::Parallelism p{.dp = 8, .ep = 8};
  const llm::StepProgram program = program_of(bed, p);
  PrefillModel model(program, w, 2048.0, no_transfer);
  const PrefillService& s = model.service(1e6);
  double last = INFINITY;
  for (const double rho : {0.05, 0.3, 0.6, 0.9}) {
    const double each = model.mean_request_energy(s, rho).si();
    // Eight chips serve eight ranks: a request's share of their time is occupancy / rho / 8 ranks.
    const double chip_seconds = 8.0 * s.occupancy.si() / rho / 8.0;
    const hw::Chip& chip = bed.cluster.rack.chip;
    EXPECT_GT(each, chip_seconds * chip.idle.si() * (1.0 - 1e-9)) << rho;
    EXPECT_LT(each, chip_seconds * chip.tdp.si()) << rho;
    EXPECT_LT(each, last) << "idle power is shared by more requests";
    last = each;
  }
}

}  // namespace
}  // namespace sn::serving
