# cmake/third_party.cmake
#
# Libraries of other people, all from Debian 12 (scripts/install_deps.sh has the list of packages).

include_guard(GLOBAL)

find_package(Threads REQUIRED)
find_package(ZLIB REQUIRED)
find_package(zstd CONFIG REQUIRED)
find_package(fmt 9 CONFIG REQUIRED)
find_package(yaml-cpp CONFIG REQUIRED)
find_package(tl-expected CONFIG REQUIRED)
find_package(simdjson CONFIG REQUIRED)
find_package(TBB 2021 CONFIG REQUIRED)
find_package(CLI11 CONFIG REQUIRED)
find_package(SQLite3 REQUIRED)

find_path(SN_RANDOM123_INCLUDE Random123/philox.h REQUIRED)
mark_as_advanced(SN_RANDOM123_INCLUDE)

if(SN_BUILD_TESTS)
  find_package(GTest CONFIG REQUIRED)
  find_package(rapidcheck CONFIG REQUIRED)
endif()
if(SN_BUILD_BENCH)
  find_package(benchmark CONFIG REQUIRED)
endif()
