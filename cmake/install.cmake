# cmake --install: the headers, the libraries with a CMake package and pkg-config files (component
# library), and the program (component program).
include(CMakePackageConfigHelpers)
set(package_folder ${CMAKE_INSTALL_LIBDIR}/cmake/allconv)

install(DIRECTORY include/allconv DESTINATION ${CMAKE_INSTALL_INCLUDEDIR} COMPONENT library)
set_target_properties(allconv_library PROPERTIES EXPORT_NAME allconv)
set_target_properties(allconv_images PROPERTIES EXPORT_NAME images INSTALL_RPATH $ORIGIN)
install(TARGETS allconv_library allconv_images EXPORT allconv
  LIBRARY DESTINATION ${CMAKE_INSTALL_LIBDIR} COMPONENT library NAMELINK_COMPONENT library)
install(EXPORT allconv NAMESPACE allconv:: FILE allconv-targets.cmake
  DESTINATION ${package_folder} COMPONENT library)

configure_package_config_file(cmake/allconv-config.cmake.in allconv-config.cmake
  INSTALL_DESTINATION ${package_folder})
write_basic_package_version_file(allconv-config-version.cmake COMPATIBILITY SameMinorVersion)
install(FILES ${PROJECT_BINARY_DIR}/allconv-config.cmake
  ${PROJECT_BINARY_DIR}/allconv-config-version.cmake
  DESTINATION ${package_folder} COMPONENT library)

# allconv_pkg_config(NAME LIBRARY REQUIRES DESCRIPTION)
function(allconv_pkg_config name library requires description)
  # The package may be moved as a whole.
  file(RELATIVE_PATH to_prefix
    /prefix/${CMAKE_INSTALL_LIBDIR}/pkgconfig /prefix)
  configure_file(cmake/allconv.pc.in ${name}.pc @ONLY)
  install(FILES ${PROJECT_BINARY_DIR}/${name}.pc
    DESTINATION ${CMAKE_INSTALL_LIBDIR}/pkgconfig COMPONENT library)
endfunction()
allconv_pkg_config(allconv allconv "" "All-convolutional networks: scores, explanations, training")
allconv_pkg_config(allconv-images allconv_images allconv "Sets of image files for allconv")

if(TARGET allconv_program)
  install(TARGETS allconv_program DESTINATION ${CMAKE_INSTALL_BINDIR} COMPONENT program)
endif()
