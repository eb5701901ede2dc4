# cmake/python.cmake
#
# The Python package `supernode` (apps/python): a module over the library, by SN_BUILD_PYTHON (the preset
# `python`). SN_PYTHON names the interpreter. A module needs position-independent code, which every object of
# that build then is; those of the other presets are a program's.

include_guard(GLOBAL)

set(SN_PYTHON /usr/bin/python3 CACHE FILEPATH "The interpreter that the Python package is built for")
set(Python_EXECUTABLE "${SN_PYTHON}")
find_package(Python COMPONENTS Interpreter Development.Module REQUIRED)
find_package(pybind11 2.10 CONFIG REQUIRED)

set(python_package "${PROJECT_BINARY_DIR}/python/supernode")
file(GLOB python_sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/apps/python/*.cc")
pybind11_add_module(supernode_python MODULE NO_EXTRAS ${python_sources})
target_link_libraries(supernode_python PRIVATE sn_sn fmt::fmt)
target_include_directories(supernode_python PRIVATE "${PROJECT_SOURCE_DIR}/apps/python")
target_compile_definitions(supernode_python PRIVATE SN_VERSION="${PROJECT_VERSION}")
target_compile_features(supernode_python PRIVATE cxx_std_20)
# Its symbols are all its own but for the entry: another module may bring another build of the library.
target_link_options(supernode_python PRIVATE
                    "-Wl,--version-script=${PROJECT_SOURCE_DIR}/apps/python/module.map")
set_target_properties(supernode_python PROPERTIES OUTPUT_NAME _supernode
                                                  LIBRARY_OUTPUT_DIRECTORY "${python_package}")
sn_warnings(supernode_python)

# The package as it is imported from a build: python/ on PYTHONPATH.
file(GLOB python_files CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/apps/python/supernode/*")
add_custom_command(
  TARGET supernode_python POST_BUILD
  COMMAND "${CMAKE_COMMAND}" -E copy_if_different ${python_files} "${python_package}"
)

set(SN_PYTHON_DESTINATION lib/python3/dist-packages CACHE STRING
    "Where the Python package is installed, below the prefix")
install(TARGETS supernode_python LIBRARY DESTINATION "${SN_PYTHON_DESTINATION}/supernode"
        COMPONENT python)
install(FILES ${python_files} DESTINATION "${SN_PYTHON_DESTINATION}/supernode" COMPONENT python)
