# d2dsec_find_python(VARIABLE MODULE...): a Python that can import the modules; empty: there is none. The system's own is tried last: it is
# the one that packages of the distribution are for.
find_package(Python3 COMPONENTS Interpreter)

function(d2dsec_find_python variable)
  list(JOIN ARGN ", " modules)
  set(${variable} "" PARENT_SCOPE)
  foreach(candidate ${Python3_EXECUTABLE} /usr/bin/python3)
    execute_process(COMMAND ${candidate} -c "import ${modules}" RESULT_VARIABLE lacks OUTPUT_QUIET ERROR_QUIET)
    if(lacks EQUAL 0)
      set(${variable} ${candidate} PARENT_SCOPE)
      return()
    endif()
  endforeach()
endfunction()
