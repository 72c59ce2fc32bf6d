# The HTTP server with libmicrohttpd, on a loop of its own.
ddnsgate_unit_test(http_engine_test SOURCES http_room.c LIBS room_http PkgConfig::libmicrohttpd PkgConfig::libuv)
target_link_options(http_engine_test PRIVATE
	-Wl,--wrap=MHD_add_connection,--wrap=MHD_run,--wrap=MHD_stop_daemon)
ddnsgate_unit_test(http_server_test SOURCES http_room.c LIBS room_http PkgConfig::libmicrohttpd PkgConfig::libuv)
ddnsgate_unit_test(http_alloc_test SOURCES http_room.c failing_malloc.c fake_env.c LIBS room_http PkgConfig::libmicrohttpd PkgConfig::libuv)
