find_package(CLI11 REQUIRED)
find_package(fmt REQUIRED)
find_package(PNG REQUIRED)
target_link_libraries(tactus PRIVATE tactus_session tactus_client CLI11::CLI11 fmt::fmt PNG::PNG)
target_compile_definitions(tactus PRIVATE TACTUS_VERSION="${PROJECT_VERSION}")
# The command line's headers are most of what its files cost to compile.
target_precompile_headers(tactus PRIVATE <CLI/CLI.hpp> <fmt/format.h> <filesystem> <fstream> <functional> <map> <memory>
  <string> <thread> <vector>)
target_compile_options(tactus PRIVATE $<$<CXX_COMPILER_ID:GNU>:-fpch-preprocess>)
