// apps/components/mpi_ranks.cc
//
// Ranks of an MPI job (sn/sweep/component.h): libsupernode-mpi.so.
//
// Items are dealt by one counter in the memory of rank 0, which each rank advances by
// MPI_Fetch_and_op (MPI 3.1, section 11.3.4): no rank serves the others, and a fast one takes more.

#include <mpi.h>

#include <cstdint>

#include "sn/sweep/component.h"

namespace sn::sweep {

namespace {

class MpiRanks final : public Ranks {
 public:
  MpiRanks() {
    MPI_Init(nullptr, nullptr);
    MPI_Comm_rank(MPI_COMM_WORLD, &rank_);
    MPI_Comm_size(MPI_COMM_WORLD, &size_);
    const MPI_Aint bytes = rank_ == 0 ? sizeof(std::int64_t) : 0;
    MPI_Win_allocate(bytes, sizeof(std::int64_t), MPI_INFO_NULL, MPI_COMM_WORLD, &counter_,
                     &window_);
    if (rank_ == 0) {
      MPI_Win_lock(MPI_LOCK_EXCLUSIVE, 0, 0, window_);
      *counter_ = 0;
      MPI_Win_unlock(0, window_);
    }
    MPI_Barrier(MPI_COMM_WORLD);
  }
  MpiRanks(const MpiRanks&) = delete;
  MpiRanks& operator=(const MpiRanks&) = delete;
  ~MpiRanks() override {
    MPI_Win_free(&window_);
    MPI_Finalize();
  }

  [[nodiscard]] int rank() const override { return rank_; }
  [[nodiscard]] int size() const override { return size_; }

  [[nodiscard]] std::size_t next(std::size_t count) override {
    const auto step = static_cast<std::int64_t>(count);
    std::int64_t first = 0;
    MPI_Win_lock(MPI_LOCK_SHARED, 0, 0, window_);
    MPI_Fetch_and_op(&step, &first, MPI_INT64_T, 0, 0, MPI_SUM, window_);
    MPI_Win_unlock(0, window_);
    return static_cast<std::size_t>(first);
  }

  void wait() override { MPI_Barrier(MPI_COMM_WORLD); }
  void give_up(int code) override { MPI_Abort(MPI_COMM_WORLD, code); }

 private:
  int rank_ = 0;
  int size_ = 1;
  std::int64_t* counter_ = nullptr;
  MPI_Win window_ = MPI_WIN_NULL;
};

}  // namespace

}  // namespace sn::sweep

extern "C" {
extern const int supernode_component_version;
const int supernode_component_version = sn::sweep::component_version;

sn::sweep::Ranks* supernode_open_ranks();
sn::sweep::Ranks* supernode_open_ranks() { return new sn::sweep::MpiRanks(); }
}
