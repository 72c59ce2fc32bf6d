# ddnsgate_embed(OUT HEADER FUNCTION FILE ...): OUT, a C source, made of the files at build time. It defines
# `struct text FUNCTION(struct text name)`, which HEADER declares and which finds a file by its name without the folder.
#
# The same file is the script that does it.
if(CMAKE_SCRIPT_MODE_FILE)
	set(arrays "")
	set(rows "")
	set(n 0)
	foreach(file IN LISTS FILES)
		get_filename_component(name "${file}" NAME)
		file(READ "${file}" hex HEX)
		string(REGEX REPLACE "(................................)" "\\1\n" hex "${hex}")
		string(REGEX REPLACE "([0-9a-f][0-9a-f])" "0x\\1," hex "${hex}")
		string(APPEND arrays "static const unsigned char file_${n}[] = {\n${hex}\n};\n")
		string(APPEND rows "\t{\"${name}\", file_${n}, sizeof file_${n}},\n")
		math(EXPR n "${n} + 1")
	endforeach()
	file(WRITE "${OUT}" "/* Made by cmake/embed.cmake. */
#include \"${HEADER}\"

${arrays}
static const struct {
	const char *name;
	const unsigned char *octets;
	size_t len;
} files[] = {
${rows}};

struct text ${FUNCTION}(struct text name)
{
	for (size_t i = 0; i < sizeof files / sizeof *files; i++) {
		if (text_equal(text_of(files[i].name), name))
			return (struct text){(const char *)files[i].octets, files[i].len};
	}
	return (struct text){NULL, 0};
}
")
	return()
endif()

function(ddnsgate_embed out header function)
	add_custom_command(OUTPUT "${out}"
		COMMAND "${CMAKE_COMMAND}" "-DOUT=${out}" "-DHEADER=${header}" "-DFUNCTION=${function}" "-DFILES=${ARGN}"
			-P "${PROJECT_SOURCE_DIR}/cmake/embed.cmake"
		DEPENDS ${ARGN} "${PROJECT_SOURCE_DIR}/cmake/embed.cmake"
		COMMENT "Embedding files into ${function}()"
		VERBATIM)
endfunction()
