# The stateful core, without sockets and on a fake clock.
set(scripted SOURCES fake_env.c scripted_primary.c LIBS room_zone room_dns room_base tsig PkgConfig::ldns)

ddnsgate_unit_test(dns_client_test ${scripted})
ddnsgate_unit_test(memory_test LIBS room_zone room_base)
ddnsgate_unit_test(queue_test SOURCES fake_env.c LIBS room_zone room_dns room_base)
ddnsgate_unit_test(zones_test ${scripted})
ddnsgate_unit_test(engine_random_test ${scripted})
ddnsgate_unit_test(pipeline_test SOURCES fake_env.c LIBS room_pipeline room_account room_http room_dialect room_update room_base)
ddnsgate_unit_test(alloc_failure_test ${scripted} room_account room_config room_page room_http)
target_sources(alloc_failure_test PRIVATE state_folder.c)
foreach(function ldns_pkt_new ldns_rr_new ldns_rdf_new_frm_data ldns_rr_push_rdf ldns_pkt_push_rr ldns_pkt2wire ldns_wire2pkt)
	target_link_options(alloc_failure_test PRIVATE "LINKER:--wrap=${function}")
endforeach()
