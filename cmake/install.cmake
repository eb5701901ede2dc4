# cmake/install.cmake
#
# The umbrella target sn::sn and the package that find_package(supernode) reads.

include_guard(GLOBAL)
include(CMakePackageConfigHelpers)
include(GNUInstallDirs)

get_property(layers GLOBAL PROPERTY SN_LAYERS)
file(GLOB facade CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/src/sn/*.h")
add_library(sn_sn INTERFACE)
add_library(sn::sn ALIAS sn_sn)
set_target_properties(sn_sn PROPERTIES EXPORT_NAME sn)
target_link_libraries(sn_sn INTERFACE ${layers})
target_sources(sn_sn INTERFACE FILE_SET HEADERS BASE_DIRS "${PROJECT_SOURCE_DIR}/src"
                                        FILES ${facade})
install(TARGETS sn_sn EXPORT supernode-targets FILE_SET HEADERS
        DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT library)

set(package "${CMAKE_INSTALL_LIBDIR}/cmake/supernode")
configure_package_config_file(
  "${PROJECT_SOURCE_DIR}/cmake/supernode-config.cmake.in"
  "${PROJECT_BINARY_DIR}/supernode-config.cmake" INSTALL_DESTINATION "${package}"
)
write_basic_package_version_file(
  "${PROJECT_BINARY_DIR}/supernode-config-version.cmake" COMPATIBILITY SameMinorVersion
)
install(EXPORT supernode-targets NAMESPACE sn:: DESTINATION "${package}"
        COMPONENT library)
install(FILES "${PROJECT_BINARY_DIR}/supernode-config.cmake"
              "${PROJECT_BINARY_DIR}/supernode-config-version.cmake" DESTINATION "${package}"
        COMPONENT library)
