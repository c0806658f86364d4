# liballconv: the rooms that need no image library, in one archive.
set(library_rooms allconv_kernels allconv_support allconv_runtime allconv_graph allconv_plan
  allconv_execute allconv_formats)
set(library_objects)
foreach(room ${library_rooms} allconv_kernels_avx2 allconv_kernels_avx512)
  if(TARGET ${room})
    list(APPEND library_objects $<TARGET_OBJECTS:${room}>)
  endif()
endforeach()
add_library(allconv_library STATIC ${library_objects})
add_library(allconv::allconv ALIAS allconv_library)
set_target_properties(allconv_library PROPERTIES OUTPUT_NAME allconv LINKER_LANGUAGE CXX
  ARCHIVE_OUTPUT_DIRECTORY ${CMAKE_BINARY_DIR})
