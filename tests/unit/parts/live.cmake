# What primaries let our keys do.
foreach(module rights finding)
	ddnsgate_unit_test(${module}_test LIBS room_live room_account room_dns tsig)
endforeach()

# Transports, against a server in a thread.
find_package(Threads REQUIRED)
foreach(module tcp tls race)
	ddnsgate_unit_test(transport_${module}_test SOURCES transport_contract.c LIBS room_dns room_base PkgConfig::libuv PkgConfig::libssl PkgConfig::libcrypto Threads::Threads)
endforeach()
target_link_options(transport_race_test PRIVATE "LINKER:--wrap=uv_getaddrinfo")
ddnsgate_unit_test(survey_test ${scripted} room_live)
