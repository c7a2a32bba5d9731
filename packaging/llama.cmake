# Read by CMake at every project() call of llama-cpp-python's build (CMAKE_PROJECT_INCLUDE).
# llama-cpp-python forces llama.cpp's "common" library on; the appliance uses none of it, and it takes a
# quarter of the compile time. An ordinary variable here hides the forced cache entry.
set(LLAMA_BUILD_COMMON OFF)
