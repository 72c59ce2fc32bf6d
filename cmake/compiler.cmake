# Warnings, hardening and sanitizers, in one interface target that every room links: ddnsgate_compiler.
include(CheckCCompilerFlag)

add_library(ddnsgate_compiler INTERFACE)
target_compile_definitions(ddnsgate_compiler INTERFACE _GNU_SOURCE)

foreach(flag
	-Wall -Wextra -Wpedantic -Wshadow -Wconversion -Wsign-conversion -Wstrict-prototypes -Wmissing-prototypes -Wformat=2 -Wundef
	-Wpointer-arith -Wcast-qual -Wwrite-strings -Wvla -Wnull-dereference -Wimplicit-fallthrough -Wduplicated-cond
	-Wlogical-op -Wunused-result -fstack-protector-strong -fno-common)
	string(MAKE_C_IDENTIFIER "have${flag}" have)
	check_c_compiler_flag(${flag} ${have})
	if(${have})
		target_compile_options(ddnsgate_compiler INTERFACE ${flag})
	endif()
endforeach()

if(DDNSGATE_WERROR)
	target_compile_options(ddnsgate_compiler INTERFACE -Werror)
endif()

if(DDNSGATE_SANITIZER)
	target_compile_options(ddnsgate_compiler INTERFACE -fsanitize=${DDNSGATE_SANITIZER} -fno-omit-frame-pointer
		-fno-sanitize-recover=all)
	target_link_options(ddnsgate_compiler INTERFACE -fsanitize=${DDNSGATE_SANITIZER})
else()
	target_compile_definitions(ddnsgate_compiler INTERFACE $<$<NOT:$<CONFIG:>>:_FORTIFY_SOURCE=2>)
	set(CMAKE_POSITION_INDEPENDENT_CODE ON)
	target_link_options(ddnsgate_compiler INTERFACE -Wl,-z,relro -Wl,-z,now)
endif()

# A release is the same octets wherever it is built.
target_compile_options(ddnsgate_compiler INTERFACE "$<$<CONFIG:Release>:-ffile-prefix-map=${PROJECT_SOURCE_DIR}=.>")

if(DDNSGATE_FUZZ)
	target_compile_options(ddnsgate_compiler INTERFACE -fsanitize=fuzzer-no-link)
endif()
