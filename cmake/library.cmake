# liballconv: what include/allconv offers, in one shared library. It takes out of the rooms'
# archives what it needs, which is no image library, no oneDNN and no other package: a program that
# embeds it needs libc, libm, pthread and libstdc++ alone. liballconv_images adds the decoders, and
# needs theirs. Nothing but the functions of the headers leaves either.
set(api ${PROJECT_SOURCE_DIR}/engine/api)
file(GLOB api_sources CONFIGURE_DEPENDS ${api}/*.cpp)
# Compiled anew: fmt's code, which the rooms expect in its shared library; and the rows of oneDNN
# that say they are absent, in the place of those that the program has.
set(library_sources ${api}/formatting.cpp ${PROJECT_SOURCE_DIR}/kernels/conv2d/absent_onednn.cpp)
list(REMOVE_ITEM api_sources ${api}/formatting.cpp)
set_source_files_properties(${api}/formatting.cpp PROPERTIES
  COMPILE_DEFINITIONS FMT_HEADER_ONLY COMPILE_OPTIONS -fno-inline)

# allconv_public_library(NAME OUTPUT sources...)
function(allconv_public_library name output)
  add_library(${name} SHARED ${ARGN} ${library_sources})
  set(map ${PROJECT_SOURCE_DIR}/cmake/liballconv.map)
  set_target_properties(${name} PROPERTIES OUTPUT_NAME ${output} LINK_DEPENDS ${map}
    VERSION ${PROJECT_VERSION} SOVERSION ${PROJECT_VERSION_MAJOR}.${PROJECT_VERSION_MINOR}
    LIBRARY_OUTPUT_DIRECTORY ${PROJECT_BINARY_DIR})
  target_link_options(${name} PRIVATE
    -Wl,--as-needed,--gc-sections,-z,defs,--version-script=${map})
  target_include_directories(${name} PUBLIC $<BUILD_INTERFACE:${PROJECT_SOURCE_DIR}/include>
    $<INSTALL_INTERFACE:${CMAKE_INSTALL_INCLUDEDIR}>)
endfunction()

# Tests link the same objects to an emulated GPU.
add_library(allconv_api OBJECT ${api_sources})
allconv_unity(allconv_api)
target_include_directories(allconv_api PUBLIC ${PROJECT_SOURCE_DIR}/include)
target_link_libraries(allconv_api PUBLIC allconv_prepare)
allconv_public_library(allconv_library allconv $<TARGET_OBJECTS:allconv_api>)
target_link_libraries(allconv_library PRIVATE allconv_prepare)
add_library(allconv::allconv ALIAS allconv_library)

add_library(allconv_images_api OBJECT ${api}/images/fail.cpp ${api}/images/image_set.cpp
  ${api}/call.cpp)
target_link_libraries(allconv_images_api PUBLIC allconv_data)
target_include_directories(allconv_images_api PUBLIC ${PROJECT_SOURCE_DIR}/include)
allconv_public_library(allconv_images allconv_images $<TARGET_OBJECTS:allconv_images_api>)
target_link_libraries(allconv_images PUBLIC allconv_library PRIVATE allconv_data)
add_library(allconv::images ALIAS allconv_images)
