target_compile_definitions(${test_target} PRIVATE TACTUS_SOURCE_DIR="${PROJECT_SOURCE_DIR}")
find_package(nlohmann_json 3.11 REQUIRED)
target_link_libraries(${test_target} PRIVATE nlohmann_json::nlohmann_json)
set(compiled_alone link_follower_test.cpp)
