# What the composition root works out.
ddnsgate_unit_test(descriptors_test LIBS room_cli)
# The command line.
ddnsgate_unit_test(cli_test LIBS room_cli)
