# What all tests pass with, from the oldest to the newest: see tests/distro/run. libmicrohttpd is more than a library to us,
# since so much depends on when it calls, so that a newer one is worth a warning, and another major version a decision.
set(DDNSGATE_TESTED_DEBIAN "12 and 13")
set(DDNSGATE_TESTED_LIBMICROHTTPD 0.9.75 1.0.1)
set(DDNSGATE_TESTED_PRIMARIES "BIND 9.18 and 9.20, Knot DNS 3.2 and 3.4, PowerDNS 4.7 and 4.9")
option(DDNSGATE_UNTESTED_LIBMICROHTTPD "Build with a major version of libmicrohttpd that nobody has tested" OFF)

function(ddnsgate_check_libmicrohttpd version)
	list(GET DDNSGATE_TESTED_LIBMICROHTTPD -1 newest)
	string(REGEX MATCH "^[0-9]+" major "${version}")
	string(REGEX MATCH "^[0-9]+" tested_major "${newest}")
	if(major GREATER tested_major AND NOT DDNSGATE_UNTESTED_LIBMICROHTTPD)
		message(FATAL_ERROR "libmicrohttpd ${version} is of another major version than what was tested, ${newest} at "
			"most. To build with it all the same: -DDDNSGATE_UNTESTED_LIBMICROHTTPD=ON, and run the tests.")
	elseif(version VERSION_GREATER newest)
		message(WARNING "libmicrohttpd ${version} is newer than what was tested, ${newest} at most: run the tests.")
	endif()
endfunction()
