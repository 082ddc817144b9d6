find_package(nlohmann_json REQUIRED)
target_link_libraries(${target} PRIVATE nlohmann_json::nlohmann_json)
# Passes over columns: taken several codes at a time from -O3 on.
target_compile_options(${target} PRIVATE -O3)
