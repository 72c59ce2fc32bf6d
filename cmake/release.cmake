# `cmake --build FOLDER --target release-tarball`: ddnsgate-VERSION.tar.gz of the last commit, and its SHA-256. The same
# commit gives the same octets, on any machine.
find_program(GIT git)
if(NOT GIT OR NOT EXISTS "${PROJECT_SOURCE_DIR}/.git")
	return() # unpacked from such a tarball
endif()
set(release_name "${PROJECT_NAME}-${PROJECT_VERSION}")
add_custom_target(release-tarball
	COMMAND "${CMAKE_COMMAND}" -E env LC_ALL=C sh -c
		"'${GIT}' -c tar.umask=0022 archive --format=tar --prefix='${release_name}/' HEAD | gzip -9n >'${CMAKE_BINARY_DIR}/${release_name}.tar.gz'"
	COMMAND "${CMAKE_COMMAND}" -E chdir "${CMAKE_BINARY_DIR}" sha256sum "${release_name}.tar.gz"
	WORKING_DIRECTORY "${PROJECT_SOURCE_DIR}"
	COMMENT "Packing ${release_name}.tar.gz"
	VERBATIM)
