# The stateful core, without sockets and on a fake clock.
set(scripted SOURCES fake_env.c scripted_primary.c LIBS room_zone room_dns room_base tsig PkgConfig::ldns)

ddnsgate_unit_test(dns_client_test ${scripted})
ddnsgate_unit_test(memory_test LIBS room_zone room_base)
ddnsgate_unit_test(queue_test SOURCES fake_env.c LIBS room_zone room_dns room_base)
ddnsgate_unit_test(zones_test ${scripted})
ddnsgate_unit_test(failover_test ${scripted})
ddnsgate_unit_test(engine_random_test ${scripted})
ddnsgate_unit_test(pipeline_test SOURCES fake_env.c LIBS room_admin room_pipeline room_zone room_dns tsig room_account room_http room_dialect room_update room_base)
ddnsgate_unit_test(alloc_failure_test ${scripted} room_live room_account room_config room_page room_http room_admin room_pipeline room_dialect room_update)
target_sources(alloc_failure_test PRIVATE state_folder.c failing_malloc.c)
target_link_options(alloc_failure_test PRIVATE "LINKER:--wrap=ldns_wire2pkt")
ddnsgate_unit_test(metrics_test ${scripted} room_admin room_pipeline room_dialect room_account room_http room_update)
