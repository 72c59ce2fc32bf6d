# ddnsgate_room(NAME [SOURCES ...] [USES ...] [LINKS ...])
#
# One room of the house (a folder of gateway/, or one module at its top) as one static library: all its files, and SOURCES
# that are made by the build. USES names what it may include: a whole room ("base") or one header of a room
# ("http/message.h"). The room is compiled with one include folder of its own that holds links to exactly those, so that
# any other #include of a room fails the build. "tsig" is the library. LINKS are third-party targets.
#
# This is the only place that says so; rooms/NAME.uses in the build folder tells tests/structure/rooms.
function(ddnsgate_room name)
	cmake_parse_arguments(ROOM "" "" "SOURCES;USES;LINKS" ${ARGN})
	set(view "${CMAKE_BINARY_DIR}/rooms/${name}")
	file(REMOVE_RECURSE "${view}")
	file(MAKE_DIRECTORY "${view}")
	# A room without a folder is one module at the top of gateway/.
	set(own ${name})
	file(GLOB sources CONFIGURE_DEPENDS "${PROJECT_SOURCE_DIR}/gateway/${name}/*.c")
	if(NOT IS_DIRECTORY "${PROJECT_SOURCE_DIR}/gateway/${name}")
		set(own ${name}.h)
		set(sources "${PROJECT_SOURCE_DIR}/gateway/${name}.c")
	endif()
	list(JOIN ROOM_USES " " uses)
	file(WRITE "${view}.uses" "${uses}\n")
	foreach(used IN LISTS ROOM_USES ITEMS ${own})
		if(NOT used STREQUAL "tsig")
			get_filename_component(folder "${used}" DIRECTORY)
			if(folder)
				file(MAKE_DIRECTORY "${view}/${folder}")
			endif()
			file(CREATE_LINK "${PROJECT_SOURCE_DIR}/gateway/${used}" "${view}/${used}" SYMBOLIC)
		endif()
	endforeach()

	add_library(room_${name} STATIC ${sources} ${ROOM_SOURCES})
	target_include_directories(room_${name} PRIVATE "${view}")
	target_link_libraries(room_${name} PRIVATE ddnsgate_compiler ${ROOM_LINKS})
	foreach(used IN LISTS ROOM_USES)
		if(used STREQUAL "tsig")
			target_link_libraries(room_${name} PUBLIC tsig)
		else()
			string(REGEX REPLACE "[/.].*" "" room "${used}")
			target_link_libraries(room_${name} PUBLIC room_${room})
		endif()
	endforeach()
endfunction()
