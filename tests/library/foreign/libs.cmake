# Engine DJ's databases are made here; what our decoder hears of a file is held against timelines.
target_link_libraries(${test_target} PRIVATE tactus_media ZLIB::ZLIB PkgConfig::FOREIGN_SQLITE3)
