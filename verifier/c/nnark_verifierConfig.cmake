# find_package(nnark_verifier) defines nnark::verifier, the shared library, and
# nnark::verifier_static.

get_filename_component(_nnark_prefix "${CMAKE_CURRENT_LIST_DIR}/../../.." ABSOLUTE)
find_package(Threads REQUIRED)

if(NOT TARGET nnark::verifier)
  find_library(_nnark_shared NAMES nnark_verifier PATHS "${_nnark_prefix}/lib" NO_DEFAULT_PATH REQUIRED)
  add_library(nnark::verifier SHARED IMPORTED)
  set_target_properties(nnark::verifier PROPERTIES
    IMPORTED_LOCATION "${_nnark_shared}"
    INTERFACE_INCLUDE_DIRECTORIES "${_nnark_prefix}/include")
  unset(_nnark_shared CACHE)
endif()

if(NOT TARGET nnark::verifier_static)
  add_library(nnark::verifier_static STATIC IMPORTED)
  set_target_properties(nnark::verifier_static PROPERTIES
    IMPORTED_LOCATION "${_nnark_prefix}/lib/libnnark_verifier.a"
    INTERFACE_INCLUDE_DIRECTORIES "${_nnark_prefix}/include"
    INTERFACE_LINK_LIBRARIES "Threads::Threads;m")
endif()
unset(_nnark_prefix)
