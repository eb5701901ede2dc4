# cmake/packages.cmake
#
# Debian packages by CPack, one a component (`cpack` in a build folder of the preset `python`):
#
#   supernode             the command, its manual page, completions
#   libsupernode-dev      static libraries, headers, find_package(supernode)
#   python3-supernode     import supernode
#   supernode-mpi, supernode-postgresql      what `sweep` loads, where they were built
#
# Libraries that they need are found by dpkg-shlibdeps.

include_guard(GLOBAL)

# What is packed was built before; a pack does not build the tests.
set(CMAKE_SKIP_INSTALL_ALL_DEPENDENCY ON)

set(CPACK_GENERATOR DEB)
set(CPACK_PACKAGE_NAME supernode)
set(CPACK_PACKAGE_VERSION "${PROJECT_VERSION}")
set(CPACK_PACKAGE_CONTACT "The Supernode authors <supernode@localhost>")
set(CPACK_PACKAGE_DESCRIPTION_SUMMARY "${PROJECT_DESCRIPTION}")
set(CPACK_PACKAGING_INSTALL_PREFIX /usr)
set(CPACK_STRIP_FILES ON)
set(CPACK_RESOURCE_FILE_LICENSE "${PROJECT_SOURCE_DIR}/LICENSE")
set(CPACK_PROJECT_CONFIG_FILE "")

set(CPACK_DEB_COMPONENT_INSTALL ON)
set(CPACK_COMPONENTS_GROUPING IGNORE)
set(CPACK_COMPONENTS_ALL program library)
if(TARGET supernode_python)
  list(APPEND CPACK_COMPONENTS_ALL python)
endif()
foreach(component mpi postgresql)
  if(TARGET supernode-${component})
    list(APPEND CPACK_COMPONENTS_ALL ${component})
    string(TOUPPER ${component} upper)
    set(CPACK_DEBIAN_${upper}_PACKAGE_NAME supernode-${component})
    set(CPACK_DEBIAN_${upper}_PACKAGE_DEPENDS "supernode (= ${PROJECT_VERSION})")
  endif()
endforeach()

set(CPACK_DEBIAN_FILE_NAME DEB-DEFAULT)
set(CPACK_DEBIAN_PACKAGE_SHLIBDEPS ON)
set(CPACK_DEBIAN_PACKAGE_SECTION science)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_SECTION libdevel)
set(CPACK_DEBIAN_PYTHON_PACKAGE_SECTION python)
set(CPACK_DEBIAN_PROGRAM_PACKAGE_NAME supernode)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_NAME libsupernode-dev)
set(CPACK_DEBIAN_PYTHON_PACKAGE_NAME python3-supernode)
set(CPACK_DEBIAN_LIBRARY_PACKAGE_DEPENDS
    "libyaml-cpp-dev, libfmt-dev, libexpected-dev, libtbb-dev, libsimdjson-dev, libzstd-dev, zlib1g-dev, \
libsqlite3-dev")
set(CPACK_DEBIAN_PYTHON_PACKAGE_DEPENDS
    "python3 (>= 3.11), python3 (<< 3.12), python3-numpy")

include(CPack)
