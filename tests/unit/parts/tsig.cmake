# The library on its own; its allocations and libcrypto are made to fail.
ddnsgate_unit_test(tsig_test LIBS tsig
	-Wl,--wrap=malloc,--wrap=calloc,--wrap=realloc,--wrap=free,--wrap=EVP_MAC_init,--wrap=EVP_MAC_final)
ddnsgate_unit_test(tsig_keyfile_test LIBS tsig)
