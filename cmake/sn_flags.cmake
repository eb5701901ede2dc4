# cmake/sn_flags.cmake
#
# Compiler flags, the compiler cache and the linker, the same for every target of this project.
#
# -ffp-contract=off: a fused multiply-add rounds once where two operations round twice; without it a
# report would depend on what the optimiser chose. -ffast-math is never used, for the same reason.

include_guard(GLOBAL)

set(CMAKE_CXX_STANDARD 20)
set(CMAKE_CXX_STANDARD_REQUIRED ON)
set(CMAKE_CXX_EXTENSIONS OFF)
set(CMAKE_EXPORT_COMPILE_COMMANDS ON)
set(CMAKE_RUNTIME_OUTPUT_DIRECTORY "${PROJECT_BINARY_DIR}/bin")

if(NOT CMAKE_BUILD_TYPE AND NOT CMAKE_CONFIGURATION_TYPES)
  set(CMAKE_BUILD_TYPE Release)
endif()

find_program(SN_CCACHE ccache)
if(SN_CCACHE AND NOT CMAKE_CXX_COMPILER_LAUNCHER)
  set(CMAKE_CXX_COMPILER_LAUNCHER "${SN_CCACHE}")
endif()

find_program(SN_MOLD mold)
if(SN_MOLD AND (CMAKE_CXX_COMPILER_ID STREQUAL "Clang"
                OR (CMAKE_CXX_COMPILER_ID STREQUAL "GNU" AND CMAKE_CXX_COMPILER_VERSION
                                                             VERSION_GREATER_EQUAL 12)))
  add_link_options(-fuse-ld=mold)
endif()

add_compile_options(-ffp-contract=off)

# SN_SANITIZE is what follows -fsanitize=, as in "address,undefined". A finding ends the program.
if(SN_SANITIZE)
  add_compile_options(-fsanitize=${SN_SANITIZE} -fno-sanitize-recover=all -fno-omit-frame-pointer)
  add_link_options(-fsanitize=${SN_SANITIZE})
endif()
# oneTBB is not instrumented: src/sn/base/run.cc has threads of its own for the thread sanitizer.
if(SN_SANITIZE MATCHES "thread")
  add_compile_definitions(SN_PLAIN_THREADS)
endif()
# What libFuzzer steers by; with the other address builds of clang too, so that the presets `asan` and
# `fuzz` are made of the same objects and the compiler cache serves both.
if(SN_SANITIZE MATCHES "address" AND CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
  add_compile_options(-fsanitize=fuzzer-no-link)
endif()

if(SN_TIDY)
  find_program(SN_CLANG_TIDY clang-tidy-19 REQUIRED)
  set(CMAKE_CXX_CLANG_TIDY "${SN_CLANG_TIDY}" --quiet "--warnings-as-errors=*"
                           "--header-filter=${PROJECT_SOURCE_DIR}/(src|apps)/.*")
endif()

# Warnings for a target of ours; other people's headers come in as system headers and stay silent.
function(sn_warnings TARGET)
  target_compile_options(${TARGET} PRIVATE -Wall -Wextra -Wconversion -Wshadow)
  if(SN_WERROR)
    target_compile_options(${TARGET} PRIVATE -Werror)
    # std::stable_sort of libstdc++ 12 calls what the same library deprecates, and clang tells.
    if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang")
      target_compile_options(${TARGET} PRIVATE -Wno-error=deprecated-declarations)
    endif()
  endif()
endfunction()
