# SPDX-License-Identifier: Apache-2.0

# quaywatch_protobuf(name folder)
# The messages that the .proto files of a folder of src/ declare, as the library <name>. They are included as
# <name/file.pb.h>: what a program wrote is third-party, and held to nobody's warnings. The target generated_sources
# makes the files of all of them, for clang-tidy.
add_custom_target(generated_sources)
function(quaywatch_protobuf name folder)
  file(GLOB protos CONFIGURE_DEPENDS ${CMAKE_SOURCE_DIR}/src/${folder}/*.proto)
  set(out ${CMAKE_BINARY_DIR}/proto)
  file(MAKE_DIRECTORY ${out}/${name})
  set(sources)
  foreach(proto ${protos})
    get_filename_component(base ${proto} NAME_WE)
    add_custom_command(OUTPUT ${out}/${name}/${base}.pb.cc ${out}/${name}/${base}.pb.h DEPENDS ${protos}
      COMMAND protobuf::protoc --cpp_out=${out}/${name} --proto_path=${CMAKE_SOURCE_DIR}/src/${folder} ${proto} VERBATIM)
    list(APPEND sources ${out}/${name}/${base}.pb.cc ${out}/${name}/${base}.pb.h)
  endforeach()
  add_custom_target(${name}_sources DEPENDS ${sources})
  add_dependencies(generated_sources ${name}_sources)
  add_library(${name} STATIC ${sources})
  add_dependencies(${name} ${name}_sources)
  target_compile_options(${name} PRIVATE -w)
  target_include_directories(${name} SYSTEM PUBLIC ${out})
  target_link_libraries(${name} PUBLIC protobuf::libprotobuf-lite)
endfunction()
