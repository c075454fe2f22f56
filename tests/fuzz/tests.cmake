# The fuzz targets as tests: each takes its seed corpus and its regression inputs, and with clang goes on from there for some seconds. They
# are a build of their own, since all of it is sanitized, and libFuzzer wants clang whatever builds the rest.
include(ExternalProject)

set(fuzz_dir ${CMAKE_CURRENT_SOURCE_DIR}/fuzz)
set(fuzz_build_dir ${CMAKE_BINARY_DIR}/fuzz)

# Sanitizers look into /proc, which a bare chroot has not.
if(NOT EXISTS /proc/self/maps)
  message(STATUS "No /proc here: the fuzz targets are left out")
  return()
endif()

d2dsec_find_python(fuzz_python scapy.utils)
if(NOT fuzz_python AND D2DSEC_TESTS STREQUAL "AUTO")
  message(WARNING "No Python with scapy: the fuzz targets are left out")
  return()
elseif(NOT fuzz_python)
  message(FATAL_ERROR "No Python with scapy for the corpora of the fuzz targets. On Debian: apt-get install python3-scapy; or build without "
                      "tests: -DD2DSEC_TESTS=OFF")
endif()

# A clang without compiler-rt, which is a package of its own, is of no use here.
find_program(D2DSEC_FUZZ_CLANG clang DOC "Compiler of the fuzz targets")
set(fuzz_compiler ${CMAKE_C_COMPILER})
if(D2DSEC_FUZZ_CLANG)
  file(WRITE ${fuzz_build_dir}/probe.c "int LLVMFuzzerTestOneInput(const char *data, long len) { return !data && len; }\n")
  execute_process(COMMAND ${D2DSEC_FUZZ_CLANG} -fsanitize=fuzzer,address,undefined probe.c -o probe
                  WORKING_DIRECTORY ${fuzz_build_dir} RESULT_VARIABLE lacks OUTPUT_QUIET ERROR_QUIET)
  if(lacks EQUAL 0)
    set(fuzz_compiler ${D2DSEC_FUZZ_CLANG})
  endif()
endif()
if(NOT fuzz_compiler STREQUAL D2DSEC_FUZZ_CLANG)
  message(STATUS "No clang with libFuzzer: the fuzz targets run the inputs that are there, and no others")
endif()

ExternalProject_Add(fuzz
  SOURCE_DIR ${PROJECT_SOURCE_DIR}
  PREFIX ${fuzz_build_dir}
  BINARY_DIR ${fuzz_build_dir}/build
  CMAKE_ARGS -DD2DSEC_FUZZ=ON -DCMAKE_C_COMPILER=${fuzz_compiler} -DD2DSEC_WERROR=${D2DSEC_WERROR} -DD2DSEC_IPSEC_MB=${D2DSEC_IPSEC_MB}
             -DCMAKE_BUILD_TYPE=RelWithDebInfo
  BUILD_COMMAND ${CMAKE_COMMAND} --build <BINARY_DIR> --target fuzzers
  BUILD_ALWAYS ON
  INSTALL_COMMAND "")

add_test(NAME fuzz.corpus COMMAND ${fuzz_python} ${fuzz_dir}/make_corpus.py ${fuzz_build_dir}/corpus)
set_tests_properties(fuzz.corpus PROPERTIES FIXTURES_SETUP fuzz_corpus ENVIRONMENT PYTHONDONTWRITEBYTECODE=1)

# What libFuzzer finds worth keeping goes to the folder that is named first; the other driver has no use for the options and that folder.
foreach(name sdp sip rtsp mikey keylog pc5s sidelink srtp)
  set(options "")
  set(inputs ${fuzz_build_dir}/corpus/${name})
  if(EXISTS ${fuzz_dir}/regression/${name})
    list(APPEND inputs ${fuzz_dir}/regression/${name})
  endif()
  if(fuzz_compiler STREQUAL D2DSEC_FUZZ_CLANG)
    file(MAKE_DIRECTORY ${fuzz_build_dir}/grown/${name})
    set(options -seed=1 -runs=100000 -max_total_time=10 -timeout=5 -rss_limit_mb=2048 -dict=${fuzz_dir}/${name}.dict
                -artifact_prefix=${fuzz_build_dir}/${name}- ${fuzz_build_dir}/grown/${name})
  endif()
  add_test(NAME fuzz.${name} COMMAND ${fuzz_build_dir}/build/tests/fuzz/fuzz_${name} ${options} ${inputs})
  # GLib's slices would hide from AddressSanitizer what is read beyond a piece of memory.
  set_tests_properties(fuzz.${name} PROPERTIES FIXTURES_REQUIRED fuzz_corpus TIMEOUT 300 ENVIRONMENT G_SLICE=always-malloc)
endforeach()
