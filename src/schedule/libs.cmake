find_package(nlohmann_json 3.11 REQUIRED)
target_link_libraries(${target} PRIVATE nlohmann_json::nlohmann_json)
# The table's words are short ones that others use too.
set_source_files_properties(${folder}/intent_table.cpp PROPERTIES SKIP_UNITY_BUILD_INCLUSION ON)
