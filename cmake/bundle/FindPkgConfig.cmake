# In place of CMake's module where tools/gpu-check builds a bundle's sources: the packages lie in
# CMAKE_PREFIX_PATH, and there need be no pkg-config.
set(PkgConfig_FOUND TRUE)

# pkg_check_modules(NAME REQUIRED IMPORTED_TARGET libwebp): the target PkgConfig::NAME.
function(pkg_check_modules name)
  list(GET ARGN -1 module)
  string(REGEX REPLACE "^lib" "" library ${module})
  find_library(${name}_LIBRARY ${library} REQUIRED)
  find_path(${name}_INCLUDE_DIR NAMES ${library}.h ${library}/decode.h REQUIRED)
  add_library(PkgConfig::${name} INTERFACE IMPORTED GLOBAL)
  target_link_libraries(PkgConfig::${name} INTERFACE ${${name}_LIBRARY})
  target_include_directories(PkgConfig::${name} INTERFACE ${${name}_INCLUDE_DIR})
endfunction()
