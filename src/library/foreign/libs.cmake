find_package(pugixml REQUIRED)
target_link_libraries(${target} PUBLIC pugixml::pugixml)
