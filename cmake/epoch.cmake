# CPack reads this before it packs: the time that all files of a package carry is that of the last commit, or in an
# unpacked release tarball that of its files, which is the same.
if(NOT "$ENV{SOURCE_DATE_EPOCH}" AND EXISTS "${CPACK_DDNSGATE_SOURCE}/.git")
	execute_process(COMMAND git -C "${CPACK_DDNSGATE_SOURCE}" log -1 --format=%ct
		OUTPUT_VARIABLE epoch OUTPUT_STRIP_TRAILING_WHITESPACE ERROR_QUIET)
	set(ENV{SOURCE_DATE_EPOCH} "${epoch}")
endif()
if(NOT "$ENV{SOURCE_DATE_EPOCH}")
	file(TIMESTAMP "${CPACK_DDNSGATE_SOURCE}/CMakeLists.txt" epoch "%s" UTC)
	set(ENV{SOURCE_DATE_EPOCH} "${epoch}")
endif()
