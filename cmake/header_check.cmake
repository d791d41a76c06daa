# SPDX-License-Identifier: Apache-2.0
#
# Target header_check: does each header of src/ compile alone? Not part of a normal build.
file(GLOB_RECURSE headers CONFIGURE_DEPENDS RELATIVE ${CMAKE_SOURCE_DIR}/src ${CMAKE_SOURCE_DIR}/src/*.h)
set(sources)
foreach(header ${headers})
  set(source ${CMAKE_BINARY_DIR}/header_check/${header}.cc)
  file(CONFIGURE OUTPUT ${source} CONTENT "#include \"${header}\"\n")
  list(APPEND sources ${source})
endforeach()
add_library(header_check OBJECT EXCLUDE_FROM_ALL ${sources})
target_compile_options(header_check PRIVATE -O0 -g0)
