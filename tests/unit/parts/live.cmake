# What primaries let our keys do.
foreach(module rights finding)
	ddnsgate_unit_test(${module}_test LIBS room_live room_account room_dns tsig)
endforeach()
