# The warnings that all of it is compiled with: those that Wireshark has its dissectors compiled with, and what else finds mistakes without
# asking for casts. Left out: -Wcast-qual, since GLib's containers take no pointer to const; -Wswitch-enum, since a default is meant where
# one stands; -Wconversion and -Wc++-compat, which would bury the arithmetic of octets and the use of containers in casts.
add_compile_options(-Wall -Wextra
  -Wcast-align -Wdate-time -Wformat=2 -Wmissing-declarations -Wmissing-prototypes -Wnested-externs
  -Wold-style-definition -Wpointer-arith -Wredundant-decls -Wshadow -Wstrict-prototypes -Wundef -Wunused-macros -Wvla -Wwrite-strings)

if(CMAKE_C_COMPILER_ID STREQUAL "GNU")
  add_compile_options(-Wduplicated-branches -Wduplicated-cond -Wformat-overflow=2 -Wformat-truncation=2 -Wjump-misses-init
    -Wlogical-op -Wtrampolines)
elseif(CMAKE_C_COMPILER_ID MATCHES "Clang")
  add_compile_options(-Wassign-enum -Wcomma -Wconditional-uninitialized -Wextra-semi -Wimplicit-fallthrough -Wloop-analysis
    -Wshorten-64-to-32 -Wunreachable-code)
endif()

if(D2DSEC_WERROR)
  add_compile_options(-Werror)
endif()
