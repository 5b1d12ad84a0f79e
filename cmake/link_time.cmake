# What is released is optimised once more as a whole when it is linked (ThinLTO): clang, with lld of the same version.
# The objects have machine code, too, for what is linked in seconds instead (tests), and by others (the installed
# libraries).

option(TALLYHO_LINK_TIME "Optimise programs and shared libraries as a whole (clang with lld)" ON)
set(tallyho_link_time OFF)
if(TALLYHO_LINK_TIME AND NOT TALLYHO_SANITIZE AND CMAKE_BUILD_TYPE MATCHES "^Rel")
  if(CMAKE_CXX_COMPILER_ID STREQUAL "Clang" AND CMAKE_CXX_COMPILER_VERSION VERSION_GREATER_EQUAL 19)
    string(REGEX MATCH "^[0-9]+" version ${CMAKE_CXX_COMPILER_VERSION})
    find_program(TALLYHO_LLD ld.lld-${version})
    if(TALLYHO_LLD)
      set(tallyho_link_time ON)
      set(tallyho_lld lld-${version})
    else()
      message(STATUS "no lld-${version}: programs are linked without optimising them as a whole, and are slower")
    endif()
  endif()
endif()

set(link_time_options -flto=thin -ffat-lto-objects)
if(tallyho_link_time)
  target_compile_options(tallyho_flags INTERFACE $<BUILD_INTERFACE:${link_time_options}>)
endif()

# Makes `target`, a program or a shared library, of code that is optimised as a whole.
function(tallyho_optimise target)
  if(tallyho_link_time)
    target_link_options(${target} PRIVATE ${link_time_options} -fuse-ld=${tallyho_lld}
                                          LINKER:--thinlto-cache-dir=${CMAKE_BINARY_DIR}/link_time)
  endif()
endfunction()
