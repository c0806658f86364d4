# engine/onnx: the only room that sees protobuf. Code is made from the schema that comes with
# libonnx-dev, for protobuf's lite library, which is linked statically: ONNX's own library with all
# of protobuf takes some milliseconds of every start of a program.
allconv_room(allconv_onnx engine/onnx allconv_formats)
get_target_property(sources allconv_onnx SOURCES)
if(NOT ALLCONV_ONNX)
  list(FILTER sources INCLUDE REGEX "/absent_onnx\\.cpp$")
  set_target_properties(allconv_onnx PROPERTIES SOURCES ${sources})
  return()
endif()
list(FILTER sources EXCLUDE REGEX "/absent_onnx\\.cpp$")
set_target_properties(allconv_onnx PROPERTIES SOURCES "${sources}")

find_program(ALLCONV_PROTOC protoc REQUIRED)
find_file(ALLCONV_ONNX_SCHEMA onnx.proto PATH_SUFFIXES include/onnx onnx REQUIRED)
find_path(ALLCONV_PROTOBUF_INCLUDE google/protobuf/message_lite.h REQUIRED)
find_library(ALLCONV_PROTOBUF_LITE libprotobuf-lite.a REQUIRED)
mark_as_advanced(ALLCONV_PROTOC ALLCONV_ONNX_SCHEMA ALLCONV_PROTOBUF_INCLUDE ALLCONV_PROTOBUF_LITE)

set(made ${CMAKE_CURRENT_BINARY_DIR}/onnx)
file(MAKE_DIRECTORY ${made})
cmake_path(GET ALLCONV_ONNX_SCHEMA PARENT_PATH schema_folder)
add_custom_command(OUTPUT ${made}/onnx.pb.cc ${made}/onnx.pb.h
  COMMAND ${ALLCONV_PROTOC} --cpp_out=lite:${made} -I ${schema_folder} ${ALLCONV_ONNX_SCHEMA}
  DEPENDS ${ALLCONV_ONNX_SCHEMA} VERBATIM COMMENT "Making code from ONNX's schema")
# No room: code that is made has warnings and variables of its own. It copies weights by protobuf's
# functions alone, so it need not be optimised, which takes twice as long.
add_library(allconv_onnx_schema STATIC ${made}/onnx.pb.cc ${made}/onnx.pb.h)
target_include_directories(allconv_onnx_schema SYSTEM PUBLIC ${made} ${ALLCONV_PROTOBUF_INCLUDE})
target_compile_options(allconv_onnx_schema PRIVATE $<$<CONFIG:Release>:-O0>)
target_link_libraries(allconv_onnx_schema PUBLIC ${ALLCONV_PROTOBUF_LITE} Threads::Threads)
set_source_files_properties(onnx/wire.cpp PROPERTIES
  SKIP_UNITY_BUILD_INCLUSION ON OBJECT_DEPENDS ${made}/onnx.pb.h)
target_compile_options(allconv_onnx PRIVATE $<$<CONFIG:Release>:-O1>)
target_link_libraries(allconv_onnx PRIVATE allconv_onnx_schema)
