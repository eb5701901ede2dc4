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

# Fuzz targets call what the command calls, and need no command.
if(SN_BUILD_FUZZ)
  set(cli_main "")
endif()

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
  install(TARGETS supernode RUNTIME DESTINATION ${CMAKE_INSTALL_BINDIR}
          COMPONENT program)
elseif(NOT SN_BUILD_FUZZ)
  message(STATUS "apps/cli/main.cc is absent: the command supernode is not built")
endif()

if(SN_BUILD_TESTS AND cli_tests)
  sn_test(sn_cli_test SOURCES ${cli_tests} LINKS ${cli_libraries})
endif()

# What the command says of itself: manual page and completion, made by the binary and installed.
if(cli_main)
  set(spoken "${PROJECT_BINARY_DIR}/generated/spoken")
  file(MAKE_DIRECTORY "${spoken}")
  add_custom_command(
    OUTPUT "${spoken}/supernode.1" "${spoken}/supernode" "${spoken}/_supernode"
           "${spoken}/supernode.fish"
    COMMAND supernode man > "${spoken}/supernode.1"
    COMMAND supernode completion bash > "${spoken}/supernode"
    COMMAND supernode completion zsh > "${spoken}/_supernode"
    COMMAND supernode completion fish > "${spoken}/supernode.fish"
    DEPENDS supernode
    COMMENT "Writing the manual page and completions"
    VERBATIM
  )
  add_custom_target(supernode_spoken ALL DEPENDS "${spoken}/supernode.1")
  install(FILES "${spoken}/supernode.1" DESTINATION "${CMAKE_INSTALL_MANDIR}/man1"
          COMPONENT program)
  install(FILES "${spoken}/supernode"
          DESTINATION "${CMAKE_INSTALL_DATADIR}/bash-completion/completions" COMPONENT program)
  install(FILES "${spoken}/_supernode" DESTINATION "${CMAKE_INSTALL_DATADIR}/zsh/site-functions"
          COMPONENT program)
  install(FILES "${spoken}/supernode.fish"
          DESTINATION "${CMAKE_INSTALL_DATADIR}/fish/vendor_completions.d" COMPONENT program)
endif()

# Components: files beside the command that it loads when they are asked for (sn/sweep/component.h), each
# built where its libraries are.
function(sn_component NAME SOURCE)
  set(target supernode-${NAME})
  add_library(${target} MODULE "${PROJECT_SOURCE_DIR}/apps/components/${SOURCE}")
  # Headers of the library alone: its code is in the command.
  target_link_libraries(${target} PRIVATE tl::expected fmt::fmt-header-only ${ARGN})
  target_include_directories(${target} PRIVATE "${PROJECT_SOURCE_DIR}/src")
  target_compile_features(${target} PRIVATE cxx_std_20)
  set_target_properties(${target} PROPERTIES LIBRARY_OUTPUT_DIRECTORY
                                             "${CMAKE_RUNTIME_OUTPUT_DIRECTORY}"
                                             POSITION_INDEPENDENT_CODE ON)
  sn_warnings(${target})
  install(TARGETS ${target} LIBRARY DESTINATION lib/supernode COMPONENT ${NAME})
endfunction()

if(cli_main AND NOT SN_SANITIZE AND NOT SN_TIDY)
  find_package(MPI COMPONENTS CXX QUIET)
  if(MPI_CXX_FOUND)
    sn_component(mpi mpi_ranks.cc MPI::MPI_CXX)
    target_compile_definitions(supernode-mpi PRIVATE OMPI_SKIP_MPICXX MPICH_SKIP_MPICXX)
  endif()
  find_package(PkgConfig QUIET)
  if(PKG_CONFIG_FOUND)
    pkg_check_modules(PQXX QUIET IMPORTED_TARGET libpqxx)
  endif()
  if(PQXX_FOUND)
    sn_component(postgresql postgresql_server.cc PkgConfig::PQXX)
  endif()
  foreach(component mpi postgresql)
    if(NOT TARGET supernode-${component})
      message(STATUS "component ${component} is not built: its library is not installed")
    endif()
  endforeach()
endif()
