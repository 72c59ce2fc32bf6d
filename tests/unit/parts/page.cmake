# The account page, as far as it needs no sockets and no disk.
ddnsgate_unit_test(page_html_test LIBS room_page room_base)
ddnsgate_unit_test(page_forms_test LIBS room_page room_http room_store room_account room_base)
ddnsgate_unit_test(page_session_test SOURCES fake_env.c LIBS room_page room_store room_account room_base)
