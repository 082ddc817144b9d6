find_package(CLI11 REQUIRED)
find_package(fmt REQUIRED)
find_package(PNG REQUIRED)
find_package(nlohmann_json REQUIRED)
target_link_libraries(tactus PRIVATE tactus_session tactus_client tactus_eval tactus_library_foreign tactus_library_store tactus_library_search tactus_library_phrases tactus_library_parts tactus_library_exchange CLI11::CLI11 fmt::fmt PNG::PNG
  nlohmann_json::nlohmann_json)
target_compile_definitions(tactus PRIVATE TACTUS_VERSION="${PROJECT_VERSION}")
# Its own malloc before the library's headers have named theirs.
set_source_files_properties(${PROJECT_SOURCE_DIR}/apps/tactus/alloc_count.cpp PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
# Nothing here is worth optimising: what has to be fast is in the libraries.
target_compile_options(tactus PRIVATE -Og)

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
