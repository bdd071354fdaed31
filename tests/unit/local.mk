# SPDX-License-Identifier: Apache-2.0
# One program for each layer; a test file holds the suite of one module.
unit_tests = tests/unit/test_base tests/unit/test_client tests/unit/test_ctl tests/unit/test_forwarding \
	tests/unit/test_proxy
check_PROGRAMS += $(unit_tests)
source_tests += tests/unit/layers.py tests/unit/headers.py
program_tests += $(unit_tests)
EXTRA_DIST += tests/unit/layers.py tests/unit/headers.py

unit_common = tests/unit/unit.c tests/unit/unit.h

tests_unit_test_base_SOURCES = $(unit_common) \
	tests/unit/base_base64url.c \
	tests/unit/base_buf.c \
	tests/unit/base_error.c \
	tests/unit/base_hash.c \
	tests/unit/base_list.c \
	tests/unit/base_log.c \
	tests/unit/base_loop.c \
	tests/unit/base_quota.c \
	tests/unit/base_secret.c \
	tests/unit/base_timer.c \
	tests/unit/base_utf8.c \
	tests/unit/test_base.c
tests_unit_test_base_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_test_base_LDADD = $(project_libs) $(CHECK_LIBS)

tests_unit_test_client_SOURCES = $(unit_common) \
	tests/common/instance.c tests/common/instance.h \
	tests/common/sample_api.c tests/common/sample_api.h \
	tests/unit/client_arena.c \
	tests/common/small_api.c \
	tests/common/small_api.h \
	tests/unit/client_answer.c \
	tests/unit/client_backoff.c \
	tests/unit/client_budget.c \
	tests/unit/client_budget_pace.c \
	tests/unit/client_budget_ready.c \
	tests/unit/client_budget_simulation.c \
	tests/unit/client_budget_world.c \
	tests/unit/client_budget_world.h \
	tests/unit/client_check.c \
	tests/unit/client_codec_memory.c \
	tests/unit/client_credential.c \
	tests/unit/client_decode.c \
	tests/unit/client_edition.c \
	tests/unit/client_failover.c \
	tests/unit/client_encode.c \
	tests/unit/client_exact.c \
	tests/unit/client_frame.c \
	tests/unit/client_headers.c \
	tests/unit/client_json_read.c \
	tests/unit/client_json_text.c \
	tests/unit/client_jwt.c \
	tests/unit/client_limit.c \
	tests/unit/client_number.c \
	tests/unit/client_options.c \
	tests/unit/client_outage.c \
	tests/unit/client_refusals.c \
	tests/unit/client_server_clock.c \
	tests/unit/client_session.c \
	tests/unit/client_session_answer.c \
	tests/unit/client_session_failures.c \
	tests/unit/client_session_files.c \
	tests/unit/client_session_modes.c \
	tests/unit/client_session_refusal.c \
	tests/unit/client_sink.c \
	tests/unit/client_stamp.c \
	tests/unit/client_url.c \
	tests/unit/client_transport.c \
	tests/unit/client_websocket.c \
	tests/unit/client_world.c \
	tests/unit/client_world.h \
	tests/unit/test_client.c
tests_unit_test_client_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests/common
tests_unit_test_client_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
# client_codec_memory.c lets allocations fail.
tests_unit_test_client_LDFLAGS = -Wl,--wrap=malloc -Wl,--wrap=realloc
tests_unit_test_client_LDADD = $(project_libs) $(CHECK_LIBS) -lpthread

tests_unit_test_ctl_SOURCES = $(unit_common) \
	tests/unit/ctl_names.c \
	tests/unit/ctl_value.c \
	tests/unit/test_ctl.c
tests_unit_test_ctl_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_test_ctl_LDADD = $(ctl_libs) $(CHECK_LIBS)

# The program's own request_*(), reply_*() and the like take the place of the daemon's.
tests_unit_test_forwarding_SOURCES = $(unit_common) \
	tests/unit/proxy_forwarding.c \
	tests/unit/proxy_forwarding_actor.c \
	tests/unit/proxy_forwarding_actor.h \
	tests/unit/proxy_forwarding_faults.c \
	tests/unit/proxy_forwarding_operation.c \
	tests/unit/proxy_forwarding_patience.c \
	tests/unit/proxy_forwarding_repeat.c \
	tests/unit/proxy_forwarding_server.c \
	tests/unit/proxy_forwarding_server.h \
	tests/unit/proxy_forwarding_simulation.c \
	tests/unit/proxy_forwarding_world.c \
	tests/unit/proxy_forwarding_world.h \
	tests/unit/test_forwarding.c
tests_unit_test_forwarding_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_test_forwarding_LDFLAGS = -Wl,--wrap=getrandom
tests_unit_test_forwarding_LDADD = $(project_libs) $(CHECK_LIBS)

tests_unit_test_proxy_SOURCES = $(unit_common) \
	tests/unit/proxy_call_timeout.c \
	tests/unit/proxy_config.c \
	tests/unit/proxy_config_check.c \
	tests/unit/proxy_config_files.c \
	tests/unit/proxy_config_help.c \
	tests/unit/proxy_config_mistake.c \
	tests/unit/proxy_descriptors.c \
	tests/unit/proxy_detection.c \
	tests/unit/proxy_filter.c \
	tests/unit/proxy_frame_filter.c \
	tests/unit/proxy_gate.c \
	tests/unit/proxy_listening_socket.c \
	tests/unit/proxy_merge.c \
	tests/unit/proxy_merge_random.c \
	tests/unit/proxy_metrics.c \
	tests/unit/proxy_operation.c \
	tests/unit/proxy_options.c \
	tests/unit/proxy_options.h \
	tests/unit/proxy_origin.c \
	tests/unit/proxy_preference.c \
	tests/unit/proxy_queue.c \
	tests/unit/proxy_queue_operation.c \
	tests/unit/proxy_queue_random.c \
	tests/unit/proxy_router.c \
	tests/unit/proxy_route.c \
	tests/unit/proxy_subscription_request.c \
	tests/unit/proxy_target.c \
	tests/unit/proxy_update.c \
	tests/unit/prometheus.c \
	tests/unit/prometheus.h \
	tests/unit/proxy_urgency.c \
	tests/unit/test_proxy.c
tests_unit_test_proxy_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
# proxy_metrics.c lets allocations fail, proxy_config_files.c is another user, proxy_listening_socket.c takes IPv6 away.
tests_unit_test_proxy_LDFLAGS = -Wl,--wrap=calloc -Wl,--wrap=geteuid -Wl,--wrap=socket -Wl,--wrap=bind
tests_unit_test_proxy_LDADD = gen/libtables.la gen/libserver.la $(project_libs) $(CHECK_LIBS)

# A C++ program that uses the library.
check_PROGRAMS += tests/unit/from_cpp
program_tests += tests/unit/from_cpp
tests_unit_from_cpp_SOURCES = tests/unit/from_cpp.cc
tests_unit_from_cpp_CPPFLAGS = $(examples_cppflags)
tests_unit_from_cpp_LDADD = $(libtbclient_ce) $(JANSSON_LIBS)
