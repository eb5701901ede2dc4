// sn/kernel/params.h
//
// The few numbers that the kernel models rest on, in two groups that vary apart.
//
//   KernelParams    a chip generation: sustained shares of datasheet rates, latencies in a kernel
//   SoftwareParams  arithmetics and kernel libraries, shared by all chips: relative to the former
//
// Shares are of the chip's own datasheet rates, so that one generation serves chips that differ in
// clock, SM count or memory; latencies are absolute. At most ten per family of operators and chip,
// three per arithmetic, three per library and family. Values, what they were fitted on and with
// which error: catalog/kernels, catalog/kernel_software.

#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <string>

#include "sn/base/units/quantity.h"
#include "sn/catalog/param.h"
#include "sn/kernel/format.h"

namespace sn::kernel {

class MeasuredRatios;

/// Dense matrix products; equation in gemm.h.
struct GemmParams {
  Time launch;            // start and drain of one kernel inside a captured graph
  double rate = 0.0;      // sustained share of the peak inside a tile
  double hbm = 0.0;       // sustained share of HBM bandwidth
  double l2 = 0.0;        // sustained share of L2 bandwidth
  Time k_step;            // least time of 64 elements of k in a tile: a pipeline stage
  Time tile;              // writing a tile of 128 x 128 outputs; others by their area
  double wave = 0.0;      // share of the idle rest of a wave that is lost
  Time split;             // joining the partial sums of split-K
  double throttle = 0.0;  // loss of clock of a kernel that computes for much longer than 1 ms
  Time setup;             // of tensor memory, before a kernel of narrow operands; 0: has none

  friend bool operator==(const GemmParams&, const GemmParams&) = default;
};

/// The routed experts of one layer; equation in moe.h.
struct MoeParams {
  Time base;             // launches of routing, permutation, activation, finalisation
  double rate = 0.0;     // sustained share of the peak inside a tile
  double hbm = 0.0;      // sustained share of HBM bandwidth while streaming expert weights
  double l2 = 0.0;       // sustained share of L2 bandwidth while loading tiles
  Time tile;             // prologue and epilogue of one tile
  double wave = 0.0;     // as GemmParams
  double rows = 1.0;     // HBM time of permutation, activation and sum over that of their bytes
  Time token;            // SM time of routing one token
  double overlap = 0.0;  // share of the shorter of arithmetic and weight traffic that is not hidden

  friend bool operator==(const MoeParams&, const MoeParams&) = default;
};

/// Attention of grouped heads over the keys of a prompt; equation in attention_prompt.cc.
struct PromptParams {
  Time launch;           // the kernels of one call
  double rate = 0.0;     // sustained share of the peak in the two products
  double exp = 0.0;      // exponentials per SM over 16 per clock of 1.755 GHz
  Time k_step;           // least time of 64 keys in a query tile
  Time tile;             // prologue and epilogue of one query tile
  double tail = 0.0;     // share of the longest tile by which the last SM ends late
  double traffic = 1.0;  // bytes moved over the least
  double l2 = 0.0;       // sustained share of L2 bandwidth
  Time empty;            // a block without work, in one call with single positions
  double convert = 0.0;  // share of L2 bandwidth in kernels that convert around an fp8 cache

  friend bool operator==(const PromptParams&, const PromptParams&) = default;
};

/// Attention of grouped heads of single positions; equation in attention_cache.cc.
struct CacheParams {
  Time launch;        // the kernels of one call
  double rate = 0.0;  // sustained share of the bf16 peak
  double hbm = 0.0;   // sustained share of HBM bandwidth
  double l2 = 0.0;    // sustained share of L2 bandwidth
  Time k_step;        // least time of 64 keys of 128 elements of one KV head
  Time head;          // start, first keys and end of one part of one KV head of one sequence
  Time split;         // joining the parts of one sequence

  friend bool operator==(const CacheParams&, const CacheParams&) = default;
};

/// Norms, activations, copies; equation in kernel_model.h.
struct ElementwiseParams {
  Time launch;       // start and drain of one kernel
  double hbm = 0.0;  // sustained share of HBM bandwidth
  double l2 = 0.0;   // sustained share of L2 bandwidth
  Time row;          // start and end of one block of threads
  Time kilobyte;     // an SM moves 1000 bytes of one row, 16 bytes at a time
  Time call;         // host time of one synchronous call from Python

  friend bool operator==(const ElementwiseParams&, const ElementwiseParams&) = default;
};

/// Latent attention over a prompt; equation in mla.h.
struct MlaPrefillParams {
  Time launch;           // the kernels of one call
  double rate = 0.0;     // sustained share of the peak in the two products and the softmax
  Time k_step;           // as PromptParams
  Time tile;             // as PromptParams
  double traffic = 1.0;  // as PromptParams
  Time host;             // of one call of the module outside a captured graph

  friend bool operator==(const MlaPrefillParams&, const MlaPrefillParams&) = default;
};

/// Absorbed latent attention; equation in mla.h.
struct MlaDecodeParams {
  Time launch;           // the kernels of one call
  double rate = 0.0;     // sustained share of the peak
  double hbm = 0.0;      // sustained share of HBM bandwidth
  double l2 = 0.0;       // sustained share of L2 bandwidth
  Time k_step;           // least time of 64 keys in a tile of query rows
  Time head;             // start and end of one tile
  Time split;            // joining the parts of one sequence
  double swapped = 1.0;  // bandwidth of swapped operands at 17 to 32 rows over that of others

  friend bool operator==(const MlaDecodeParams&, const MlaDecodeParams&) = default;
};

/// Limits of latencies inside a kernel.
inline constexpr Time shortest = Time::from_si(1e-10);
inline constexpr Time longest = Time::from_si(1e-3);

template <class V>
void describe(V& v, GemmParams& g) {
  v.quantity("launch", g.launch, shortest, longest);
  v.ratio("rate", g.rate, 0.05, 1.0);
  v.ratio("hbm", g.hbm, 0.05, 1.0);
  v.ratio("l2", g.l2, 0.01, 1.0);
  v.quantity("k_step", g.k_step, shortest, longest);
  v.quantity("tile", g.tile, shortest, longest);
  v.ratio("wave", g.wave, 0.001, 1.0);
  v.quantity("split", g.split, shortest, longest);
  v.ratio("throttle", g.throttle, 0.001, 1.0);
  v.quantity("setup", g.setup, Time{}, longest);
}

template <class V>
void describe(V& v, ElementwiseParams& e) {
  v.quantity("launch", e.launch, shortest, longest);
  v.ratio("hbm", e.hbm, 0.05, 1.0);
  v.ratio("l2", e.l2, 0.01, 1.0);
  v.quantity("row", e.row, shortest, longest);
  v.quantity("kilobyte", e.kilobyte, shortest, longest);
  v.quantity("call", e.call, shortest, longest);
}

template <class V>
void describe(V& v, MoeParams& m) {
  v.quantity("base", m.base, shortest, longest);
  v.ratio("rate", m.rate, 0.05, 1.0);
  v.ratio("hbm", m.hbm, 0.05, 1.0);
  v.ratio("l2", m.l2, 0.01, 2.0);  // above 1 where clusters of SMs share what they load
  v.quantity("tile", m.tile, shortest, longest);
  v.ratio("wave", m.wave, 0.001, 1.0);
  v.ratio("rows", m.rows, 0.1, 20.0);
  v.quantity("token", m.token, shortest, longest);
  v.ratio("overlap", m.overlap, 0.001, 1.0);
}

template <class V>
void describe(V& v, PromptParams& p) {
  v.quantity("launch", p.launch, shortest, longest);
  v.ratio("rate", p.rate, 0.02, 1.0);
  v.ratio("exp", p.exp, 0.05, 1000.0);
  v.quantity("k_step", p.k_step, shortest, longest);
  v.quantity("tile", p.tile, shortest, longest);
  v.ratio("tail", p.tail, 0.001, 2.0);
  v.ratio("traffic", p.traffic, 0.2, 20.0);
  v.ratio("l2", p.l2, 0.01, 1.0);
  v.quantity("empty", p.empty, shortest, longest);
  v.ratio("convert", p.convert, 0.01, 1.0);
}

template <class V>
void describe(V& v, CacheParams& d) {
  v.quantity("launch", d.launch, shortest, longest);
  v.ratio("rate", d.rate, 0.01, 1.0);
  v.ratio("hbm", d.hbm, 0.05, 1.0);
  v.ratio("l2", d.l2, 0.01, 1.0);
  v.quantity("k_step", d.k_step, shortest, longest);
  v.quantity("head", d.head, shortest, longest);
  v.quantity("split", d.split, shortest, longest);
}

template <class V>
void describe(V& v, MlaPrefillParams& p) {
  v.quantity("launch", p.launch, shortest, longest);
  v.ratio("rate", p.rate, 0.02, 1.0);
  v.quantity("k_step", p.k_step, shortest, longest);
  v.quantity("tile", p.tile, shortest, longest);
  v.ratio("traffic", p.traffic, 0.1, 20.0);
  v.quantity("host", p.host, shortest, longest);
}

template <class V>
void describe(V& v, MlaDecodeParams& d) {
  v.quantity("launch", d.launch, shortest, longest);
  v.ratio("rate", d.rate, 0.01, 1.0);
  v.ratio("hbm", d.hbm, 0.05, 1.0);
  v.ratio("l2", d.l2, 0.01, 1.0);
  v.quantity("k_step", d.k_step, shortest, longest);
  v.quantity("head", d.head, shortest, longest);
  v.quantity("split", d.split, shortest, longest);
  v.ratio("swapped", d.swapped, 0.1, 1.0);
}

/// What an arithmetic costs in dense products, relative to bf16 at the format's own peak rate.
struct GemmFormatTerms {
  double rate = 1.0;    // sustained rate
  double k_step = 1.0;  // latency of a pipeline stage
  double tile = 1.0;    // writing a tile: scales are applied on the way

  friend bool operator==(const GemmFormatTerms&, const GemmFormatTerms&) = default;
};

/// What a library of dense products adds to the product itself. The activations come in bf16: if
/// the product wants them narrower, another kernel reads them, one row after another.
struct GemmLibraryTerms {
  Time launch = Time::from_si(1e-6);    // start and drain of the further kernels
  Time row = Time::from_si(1e-7);       // SM time of narrowing one row, however short
  Time element = Time::from_si(1e-10);  // SM time of narrowing one element
  double k_step = 1.0;                  // latency of a pipeline stage
  double rate = 1.0;                    // sustained rate
  /// What its terms are, beside `launch`: `row` and `element`; or `row` and `k_step`, rows being
  /// narrowed at the rate of memory; or the rate alone.
  enum class Kind : std::uint8_t { narrowing, own_stage, own_rate } kind = Kind::narrowing;

  friend bool operator==(const GemmLibraryTerms&, const GemmLibraryTerms&) = default;
};

/// What an arithmetic costs in the other families.
struct FormatTerms {
  double rate = 1.0;    // sustained rate
  double k_step = 1.0;  // latency of a pipeline stage; experts: start and end of a tile
  // Traffic; experts: SM time of narrowing an element, in 100 ps; decode: start of FlashAttention-3
  // that transposes values, in 1.5 us.
  double quantise = 1.0;

  friend bool operator==(const FormatTerms&, const FormatTerms&) = default;
};

/// One family of operators of one library, relative to the generation's values.
struct LibraryTerms {
  double launch = 1.0;
  double rate = 1.0;
  double tile = 1.0;

  friend bool operator==(const LibraryTerms&, const LibraryTerms&) = default;
};

template <class V>
void describe(V& v, GemmFormatTerms& f) {
  v.ratio("rate", f.rate, 0.02, 10.0);
  v.ratio("k_step", f.k_step, 0.01, 100.0);
  v.ratio("tile", f.tile, 0.01, 100.0);
}

template <class V>
void describe(V& v, GemmLibraryTerms& l) {
  using Kind = GemmLibraryTerms::Kind;
  if (l.kind == Kind::own_rate) return v.ratio("rate", l.rate, 0.1, 2.0);
  v.quantity("launch", l.launch, shortest, longest);
  v.quantity("row", l.row, shortest, longest);
  if (l.kind == Kind::own_stage) return v.ratio("k_step", l.k_step, 0.01, 100.0);
  v.quantity("element", l.element, Time::from_si(1e-13), longest);
}

template <class V>
void describe(V& v, FormatTerms& f) {
  v.ratio("rate", f.rate, 0.02, 10.0);
  v.ratio("k_step", f.k_step, 0.01, 100.0);
  v.ratio("quantise", f.quantise, 0.001, 100.0);
}

template <class V>
void describe(V& v, LibraryTerms& l) {
  v.ratio("launch", l.launch, 0.01, 100.0);
  v.ratio("rate", l.rate, 0.01, 10.0);
  v.ratio("tile", l.tile, 0.001, 100.0);
}

/// Families of operators that libraries differ in.
enum class Family : std::uint8_t {
  gemm,
  moe,
  prefill,
  decode,
  mla_prefill,
  mla_decode,
  elementwise
};
inline constexpr std::size_t family_count = 7;

/// Default terms. CuTe-DSL's fp4 products (FlashInfer) keep several stages in flight; the vendor
/// library of 2023 adds no kernel.
[[nodiscard]] constexpr std::array<GemmLibraryTerms, library_count> gemm_library_kinds() {
  std::array<GemmLibraryTerms, library_count> out;
  GemmLibraryTerms& cute = out[static_cast<std::size_t>(Library::flashinfer)];
  cute.kind = GemmLibraryTerms::Kind::own_stage;
  cute.element = Time{};
  GemmLibraryTerms& old = out[static_cast<std::size_t>(Library::cublas12)];
  old.kind = GemmLibraryTerms::Kind::own_rate;
  old.launch = Time{};
  return out;
}

/// Terms of every arithmetic and library; what does not exist is 1.
struct SoftwareParams {
  std::string name;
  std::array<GemmFormatTerms, format_count> gemm_formats;
  std::array<GemmLibraryTerms, library_count> gemm_libraries = gemm_library_kinds();
  std::array<FormatTerms, format_count> moe_formats;
  /// Attention over an fp8 cache, by family: rate of the products, latency of a key step, other.
  std::array<FormatTerms, family_count> fp8_cache;
  std::array<std::array<LibraryTerms, library_count>, family_count> libraries;

  [[nodiscard]] const GemmLibraryTerms& gemm(Library library) const {
    return gemm_libraries[static_cast<std::size_t>(library)];
  }
  [[nodiscard]] const LibraryTerms& of(Family family, Library library) const {
    return libraries[static_cast<std::size_t>(family)][static_cast<std::size_t>(library)];
  }

  friend bool operator==(const SoftwareParams&, const SoftwareParams&) = default;
};

[[nodiscard]] std::string_view to_string(Family family);
[[nodiscard]] constexpr bool attends(Family family) {
  return family != Family::gemm && family != Family::moe && family != Family::elementwise;
}
/// Whether any framework runs operators of `family` in `library`.
[[nodiscard]] bool exists(Family family, Library library);

template <class V>
void describe(V& v, SoftwareParams& s) {
  for (std::size_t i = 1; i < format_count; ++i) {  // bf16 is the reference
    v.group("gemm." + std::string(to_string(static_cast<Format>(i))), s.gemm_formats[i]);
  }
  for (std::size_t i = 1; i < format_count; ++i) {
    v.group("moe." + std::string(to_string(static_cast<Format>(i))), s.moe_formats[i]);
  }
  for (std::size_t f = 0; f < family_count; ++f) {
    const auto family = static_cast<Family>(f);
    if (!attends(family)) continue;
    v.group("fp8_cache." + std::string(to_string(family)), s.fp8_cache[f]);
  }
  for (std::size_t l = 0; l < library_count; ++l) {
    const std::string library(to_string(static_cast<Library>(l)));
    for (std::size_t f = 0; f < family_count; ++f) {
      const auto family = static_cast<Family>(f);
      if (!exists(family, static_cast<Library>(l))) continue;
      const std::string path = "libraries." + library + "." + std::string(to_string(family));
      if (family == Family::gemm) {
        v.group(path, s.gemm_libraries[l]);
      } else {
        v.group(path, s.libraries[f][l]);
      }
    }
  }
}

struct KernelParams {
  std::string name;
  GemmParams gemm;
  MoeParams moe;
  PromptParams prefill;
  CacheParams decode;
  MlaPrefillParams mla_prefill;
  MlaDecodeParams mla_decode;
  ElementwiseParams elementwise;
  Time eager;               // host time of one call outside a captured graph
  Time graph;               // launch of a captured graph, where it holds one kernel
  SoftwareParams software;  // shared by all generations; read apart
  /// Times that somebody measured on this chip (measured.h); none: the models alone.
  std::shared_ptr<const MeasuredRatios> measured;

  friend bool operator==(const KernelParams&, const KernelParams&) = default;
};

template <class V>
void describe(V& v, KernelParams& k) {
  v.group("gemm", k.gemm);
  v.group("moe", k.moe);
  v.group("attention.prefill", k.prefill);
  v.group("attention.decode", k.decode);
  v.group("mla.prefill", k.mla_prefill);
  v.group("mla.decode", k.mla_decode);
  v.group("elementwise", k.elementwise);
  v.quantity("host.eager", k.eager, shortest, longest);
  v.quantity("host.graph", k.graph, shortest, longest);
}

}  // namespace sn::kernel
