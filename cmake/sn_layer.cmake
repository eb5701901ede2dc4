# cmake/sn_layer.cmake
#
# sn_layer(NAME [DEPENDS layer...] [PUBLIC lib...] [PRIVATE lib...] [SOURCES file...])
#   one folder src/sn/NAME = one library sn_NAME (sn::NAME), and its *_test.cc = one executable
#   sn_NAME_test. A layer without sources is an interface library, so an empty folder does no harm.
# sn_layers(TABLE [SOURCES_OF_layer file...])
#   every layer of the table (columns: layer, stands on, public and private libraries, words).
# sn_test(TARGET SOURCES file... LINKS lib...)
#   a GoogleTest executable, one ctest entry; it runs in the root of the source tree.

include_guard(GLOBAL)
include(GNUInstallDirs)

function(sn_test TARGET)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES;LINKS")
  add_executable(${TARGET} ${arg_SOURCES})
  target_link_libraries(${TARGET} PRIVATE ${arg_LINKS} GTest::gtest_main GTest::gmock rapidcheck)
  sn_warnings(${TARGET})
  add_test(NAME ${TARGET} COMMAND ${TARGET} WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}")
  set_tests_properties(${TARGET} PROPERTIES LABELS unit TIMEOUT 600)
endfunction()

function(sn_layer NAME)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "DEPENDS;PUBLIC;PRIVATE;SOURCES")
  set(target sn_${NAME})
  set(folder "${PROJECT_SOURCE_DIR}/src/sn/${NAME}")
  file(GLOB_RECURSE headers CONFIGURE_DEPENDS "${folder}/*.h")
  file(GLOB_RECURSE sources CONFIGURE_DEPENDS "${folder}/*.cc")
  set(tests ${sources})
  list(FILTER headers EXCLUDE REGEX "_test[a-z_]*\\.h$")
  list(FILTER sources EXCLUDE REGEX "_test\\.cc$")
  list(FILTER tests INCLUDE REGEX "_test\\.cc$")
  list(APPEND sources ${arg_SOURCES})
  list(TRANSFORM arg_DEPENDS PREPEND sn_)

  if(sources)
    set(scope PUBLIC)
    add_library(${target} STATIC ${sources})
    target_link_libraries(${target} PRIVATE ${arg_PRIVATE})
    sn_warnings(${target})
  else()
    set(scope INTERFACE)
    add_library(${target} INTERFACE)
  endif()
  add_library(sn::${NAME} ALIAS ${target})
  set_target_properties(${target} PROPERTIES EXPORT_NAME ${NAME})
  target_compile_features(${target} ${scope} cxx_std_20)
  target_link_libraries(${target} ${scope} ${arg_DEPENDS} ${arg_PUBLIC})
  target_sources(${target} ${scope} FILE_SET HEADERS BASE_DIRS "${PROJECT_SOURCE_DIR}/src"
                                             FILES ${headers})
  install(
    TARGETS ${target}
    EXPORT supernode-targets
    ARCHIVE DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT library
    FILE_SET HEADERS DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT library
  )
  set_property(GLOBAL APPEND PROPERTY SN_LAYERS ${target})

  if(SN_BUILD_TESTS AND tests)
    sn_test(sn_${NAME}_test SOURCES ${tests} LINKS ${target})
  endif()
endfunction()

function(sn_layers TABLE)
  cmake_parse_arguments(PARSE_ARGV 1 arg "" "" "SOURCES_OF_catalog")
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS "${TABLE}")
  file(STRINGS "${TABLE}" lines REGEX "^[a-z]")
  foreach(line IN LISTS lines)
    string(REPLACE "|" ";" columns "${line}")
    list(TRANSFORM columns STRIP)
    list(GET columns 0 name)
    foreach(column 1 2 3)
      list(GET columns ${column} cell)
      string(REGEX REPLACE " +" ";" cell_${column} "${cell}")
    endforeach()
    sn_layer(${name} DEPENDS ${cell_1} PUBLIC ${cell_2} PRIVATE ${cell_3} SOURCES
             ${arg_SOURCES_OF_${name}})
  endforeach()
endfunction()
