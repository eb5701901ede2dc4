# cmake/apps.cmake
#
# The command `supernode`: apps/cli/main.cc over a library of the other files, so that tests reach them.

include_guard(GLOBAL)

file(GLOB_RECURSE cli_sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/apps/cli/*.cc")
set(cli_tests ${cli_sources})
set(cli_main ${cli_sources})
list(FILTER cli_main INCLUDE REGEX "/apps/cli/main\\.cc$")
list(FILTER cli_tests INCLUDE REGEX "_test\\.cc$")
list(FILTER cli_sources EXCLUDE REGEX "(/apps/cli/main|_test)\\.cc$")

set(cli_libraries sn_sn CLI11::CLI11 fmt::fmt)
if(cli_sources)
  add_library(sn_cli STATIC ${cli_sources})
  target_include_directories(sn_cli PUBLIC "${PROJECT_SOURCE_DIR}")
  target_compile_definitions(sn_cli PUBLIC SN_VERSION="${PROJECT_VERSION}")
  target_link_libraries(sn_cli PUBLIC ${cli_libraries})
  sn_warnings(sn_cli)
  list(PREPEND cli_libraries sn_cli)
endif()

if(cli_main)
  add_executable(supernode ${cli_main})
  target_include_directories(supernode PRIVATE "${PROJECT_SOURCE_DIR}")
  target_compile_definitions(supernode PRIVATE SN_VERSION="${PROJECT_VERSION}")
  target_link_libraries(supernode PRIVATE ${cli_libraries})
  sn_warnings(supernode)
  install(TARGETS supernode RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR})
else()
  message(STATUS "apps/cli/main.cc is absent: the command supernode is not built")
endif()

if(SN_BUILD_TESTS AND cli_tests)
  sn_test(sn_cli_test SOURCES ${cli_tests} LINKS ${cli_libraries})
endif()
