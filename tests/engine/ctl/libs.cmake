set(compiled_alone bypass_test.cpp fx_engine_test.cpp key_lock_test.cpp places_test.cpp seam_music_test.cpp seam_test.cpp stems_test.cpp timing_test.cpp)
