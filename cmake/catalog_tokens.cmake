# cmake/catalog_tokens.cmake
#
# Included after the layers: the catalog's documents, parsed when the library is built, as a source of
# sn_catalog (declaration: src/sn/catalog/catalog_tokens.h). The tool that writes it stands on sn_base.

include_guard(GLOBAL)

add_executable(sn_catalog_tokens "${PROJECT_SOURCE_DIR}/cmake/catalog_tokens.cc")
target_link_libraries(sn_catalog_tokens PRIVATE sn_base)
sn_warnings(sn_catalog_tokens)

set(catalog "${PROJECT_SOURCE_DIR}/catalog")
file(GLOB_RECURSE files CONFIGURE_DEPENDS "${catalog}/*.yaml")
set(list "${PROJECT_BINARY_DIR}/generated/catalog_files.txt") # by sn_embed_catalog
set(output "${PROJECT_BINARY_DIR}/generated/catalog_tokens.cc")
add_custom_command(
  OUTPUT "${output}"
  COMMAND sn_catalog_tokens "${list}" "${catalog}" "${output}"
  DEPENDS ${files} "${list}"
  COMMENT "Parsing the catalog"
  VERBATIM
)
target_sources(sn_catalog PRIVATE "${output}")
