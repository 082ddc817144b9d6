find_package(CLI11 REQUIRED)
find_package(fmt REQUIRED)
find_package(PNG REQUIRED)
target_link_libraries(tactus PRIVATE tactus_session tactus_client CLI11::CLI11 fmt::fmt PNG::PNG)
target_compile_definitions(tactus PRIVATE TACTUS_VERSION="${PROJECT_VERSION}")
# The command line's headers are most of what its files cost to compile.
target_precompile_headers(tactus PRIVATE <CLI/CLI.hpp> <fmt/format.h> <filesystem> <fstream> <functional> <map> <memory>
  <string> <thread> <vector>)
# Nor is anything here worth optimising: what has to be fast is in the libraries.
target_compile_options(tactus PRIVATE $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess> -Og)

# mappings/*.toml, in the program: where it is copied to, they are there.
file(GLOB mappings CONFIGURE_DEPENDS ${PROJECT_SOURCE_DIR}/mappings/*.toml)
set(bundled "// Made from mappings/*.toml.\n#include \"mappings.h\"\n\n")
string(APPEND bundled "namespace tactus::app {\n\nstd::vector<session::BundledMapping> bundled_mappings() {\n  return {\n")
foreach(mapping IN LISTS mappings)
  set_property(DIRECTORY APPEND PROPERTY CMAKE_CONFIGURE_DEPENDS ${mapping})
  get_filename_component(name ${mapping} NAME_WE)
  file(READ ${mapping} text)
  string(APPEND bundled "{\"${name}\", R\"TOML(${text})TOML\"},\n")
endforeach()
string(APPEND bundled "  };\n}\n\n}  // namespace tactus::app\n")
file(CONFIGURE OUTPUT ${PROJECT_BINARY_DIR}/generated/bundled_mappings.cpp CONTENT "${bundled}" @ONLY)
target_sources(tactus PRIVATE ${PROJECT_BINARY_DIR}/generated/bundled_mappings.cpp)
target_include_directories(tactus PRIVATE ${PROJECT_SOURCE_DIR}/apps/tactus)
