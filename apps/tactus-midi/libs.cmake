target_link_libraries(tactus-midi PRIVATE tactus_io)
