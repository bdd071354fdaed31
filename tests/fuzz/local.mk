# SPDX-License-Identifier: Apache-2.0
# Built by "make fuzzers" with clang and -fsanitize=fuzzer-no-link; run by scripts/test, which asks "make print-fuzzers"
# for the list. What is in corpus/NAME, fuzz_NAME begins with.
FUZZERS = tests/fuzz/fuzz_config tests/fuzz/fuzz_ctl_status tests/fuzz/fuzz_ctl_values tests/fuzz/fuzz_decode \
	tests/fuzz/fuzz_events tests/fuzz/fuzz_exchange tests/fuzz/fuzz_frames tests/fuzz/fuzz_handshake tests/fuzz/fuzz_header tests/fuzz/fuzz_http1 \
	tests/fuzz/fuzz_http2 tests/fuzz/fuzz_json tests/fuzz/fuzz_jwt tests/fuzz/fuzz_limits tests/fuzz/fuzz_merge_body \
	tests/fuzz/fuzz_origin tests/fuzz/fuzz_policy tests/fuzz/fuzz_pool tests/fuzz/fuzz_query tests/fuzz/fuzz_router \
	tests/fuzz/fuzz_server_version tests/fuzz/fuzz_session tests/fuzz/fuzz_spool_body tests/fuzz/fuzz_stamp tests/fuzz/fuzz_subscription tests/fuzz/fuzz_target \
	tests/fuzz/fuzz_update tests/fuzz/fuzz_url
EXTRA_PROGRAMS = $(FUZZERS)
EXTRA_DIST += tests/fuzz/corpus tests/fuzz/fuzz_inputs.py tests/fuzz/make_seeds.py
fuzzers: $(FUZZERS)
print-fuzzers:
	@echo $(FUZZERS)
# Adds to the corpus what end-to-end tests have recorded in the folder RECORD.
seeds: $(FUZZERS)
	python3 $(srcdir)/tests/fuzz/make_seeds.py $(RECORD) $(builddir)
.PHONY: fuzzers print-fuzzers seeds

tests_fuzz_fuzz_decode_SOURCES = tests/fuzz/fuzz_decode.c tests/common/sample_api.c tests/common/sample_api.h
tests_fuzz_fuzz_decode_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests/common
tests_fuzz_fuzz_decode_LDADD = $(project_libs)
tests_fuzz_fuzz_decode_LDFLAGS = -fsanitize=fuzzer
tests_fuzz_fuzz_server_version_LDADD = $(project_libs)
tests_fuzz_fuzz_server_version_LDFLAGS = -fsanitize=fuzzer
tests_fuzz_fuzz_frames_LDADD = $(project_libs)
tests_fuzz_fuzz_frames_LDFLAGS = -fsanitize=fuzzer
tests_fuzz_fuzz_http1_SOURCES = tests/fuzz/fuzz_http1.c tests/common/response_transcript.c tests/common/response_transcript.h
tests_fuzz_fuzz_http1_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests/common
tests_fuzz_fuzz_http1_LDADD = $(project_libs)
tests_fuzz_fuzz_http1_LDFLAGS = -fsanitize=fuzzer
tests_fuzz_fuzz_http2_SOURCES = tests/fuzz/fuzz_http2.c tests/common/fake_pool.c tests/common/fake_pool.h
tests_fuzz_fuzz_http2_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests/common
tests_fuzz_fuzz_http2_LDADD = $(project_libs)
tests_fuzz_fuzz_http2_LDFLAGS = -fsanitize=fuzzer
tests_fuzz_fuzz_json_LDADD = $(project_libs)
tests_fuzz_fuzz_json_LDFLAGS = -fsanitize=fuzzer
tests_fuzz_fuzz_merge_body_LDADD = $(project_libs)
tests_fuzz_fuzz_merge_body_LDFLAGS = -fsanitize=fuzzer
tests_fuzz_fuzz_pool_SOURCES = tests/fuzz/fuzz_pool.c tests/common/fake_connections.c tests/common/fake_connections.h
tests_fuzz_fuzz_pool_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests/common
tests_fuzz_fuzz_pool_LDADD = $(project_libs)
tests_fuzz_fuzz_pool_LDFLAGS = -fsanitize=fuzzer
tests_fuzz_fuzz_router_LDADD = $(project_libs)
tests_fuzz_fuzz_router_LDFLAGS = -fsanitize=fuzzer
tests_fuzz_fuzz_session_LDADD = $(project_libs)
tests_fuzz_fuzz_session_LDFLAGS = -fsanitize=fuzzer
tests_fuzz_fuzz_spool_body_SOURCES = tests/fuzz/fuzz_spool_body.c tests/fuzz/fuzz.h
tests_fuzz_fuzz_spool_body_LDADD = $(project_libs)
tests_fuzz_fuzz_spool_body_LDFLAGS = -fsanitize=fuzzer
tests_fuzz_fuzz_stamp_LDADD = $(project_libs)
tests_fuzz_fuzz_stamp_LDFLAGS = -fsanitize=fuzzer
tests_fuzz_fuzz_target_LDADD = $(project_libs)
tests_fuzz_fuzz_target_LDFLAGS = -fsanitize=fuzzer
tests_fuzz_fuzz_url_SOURCES = tests/fuzz/fuzz_url.c tests/common/small_api.c tests/common/small_api.h
tests_fuzz_fuzz_url_LDADD = $(project_libs)
tests_fuzz_fuzz_url_LDFLAGS = -fsanitize=fuzzer
tests_fuzz_fuzz_config_SOURCES = tests/fuzz/fuzz_config.c tests/fuzz/fuzz.h
tests_fuzz_fuzz_config_LDADD = $(project_libs)
tests_fuzz_fuzz_config_LDFLAGS = -fsanitize=fuzzer
tests_fuzz_fuzz_ctl_status_SOURCES = tests/fuzz/fuzz_ctl_status.c tests/fuzz/fuzz.h
tests_fuzz_fuzz_ctl_status_CPPFLAGS = $(ctl_cppflags)
tests_fuzz_fuzz_ctl_status_LDADD = $(ctl_libs)
tests_fuzz_fuzz_ctl_status_LDFLAGS = -fsanitize=fuzzer -Wl,--wrap=daemon_page_get -Wl,--wrap=daemon_stream
tests_fuzz_fuzz_ctl_values_SOURCES = tests/fuzz/fuzz_ctl_values.c tests/fuzz/fuzz.h
tests_fuzz_fuzz_ctl_values_CPPFLAGS = $(ctl_cppflags)
tests_fuzz_fuzz_ctl_values_LDADD = $(ctl_libs)
tests_fuzz_fuzz_ctl_values_LDFLAGS = -fsanitize=fuzzer
tests_fuzz_fuzz_events_SOURCES = tests/fuzz/fuzz_events.c tests/fuzz/fuzz.h
tests_fuzz_fuzz_events_LDADD = $(project_libs)
tests_fuzz_fuzz_events_LDFLAGS = -fsanitize=fuzzer
tests_fuzz_fuzz_handshake_SOURCES = tests/fuzz/fuzz_handshake.c tests/fuzz/fuzz.h
tests_fuzz_fuzz_handshake_LDADD = $(project_libs)
tests_fuzz_fuzz_handshake_LDFLAGS = -fsanitize=fuzzer
tests_fuzz_fuzz_header_SOURCES = tests/fuzz/fuzz_header.c tests/fuzz/fuzz.h
tests_fuzz_fuzz_header_LDADD = $(project_libs)
tests_fuzz_fuzz_header_LDFLAGS = -fsanitize=fuzzer
tests_fuzz_fuzz_jwt_SOURCES = tests/fuzz/fuzz_jwt.c tests/fuzz/fuzz.h
tests_fuzz_fuzz_jwt_LDADD = $(project_libs)
tests_fuzz_fuzz_jwt_LDFLAGS = -fsanitize=fuzzer
tests_fuzz_fuzz_limits_SOURCES = tests/fuzz/fuzz_limits.c tests/fuzz/fuzz.h
tests_fuzz_fuzz_limits_LDADD = $(project_libs)
tests_fuzz_fuzz_limits_LDFLAGS = -fsanitize=fuzzer
tests_fuzz_fuzz_origin_SOURCES = tests/fuzz/fuzz_origin.c tests/fuzz/fuzz.h
tests_fuzz_fuzz_origin_LDADD = $(project_libs)
tests_fuzz_fuzz_origin_LDFLAGS = -fsanitize=fuzzer
tests_fuzz_fuzz_query_SOURCES = tests/fuzz/fuzz_query.c tests/fuzz/fuzz.h
tests_fuzz_fuzz_query_LDADD = $(project_libs)
tests_fuzz_fuzz_query_LDFLAGS = -fsanitize=fuzzer
tests_fuzz_fuzz_update_SOURCES = tests/fuzz/fuzz_update.c tests/fuzz/fuzz.h
tests_fuzz_fuzz_update_LDADD = $(project_libs)
tests_fuzz_fuzz_update_LDFLAGS = -fsanitize=fuzzer
tests_fuzz_fuzz_subscription_SOURCES = tests/fuzz/fuzz_subscription.c tests/fuzz/fuzz.h
tests_fuzz_fuzz_subscription_LDADD = $(project_libs)
tests_fuzz_fuzz_subscription_LDFLAGS = -fsanitize=fuzzer \
	-Wl,--wrap=upstream_clock_now_ms -Wl,--wrap=upstream_websocket_transport -Wl,--wrap=websocket_token_get \
	-Wl,--wrap=websocket_token_cancel -Wl,--wrap=websocket_token_refused -Wl,--wrap=websocket_open \
	-Wl,--wrap=websocket_send -Wl,--wrap=websocket_recv -Wl,--wrap=websocket_close
tests_fuzz_fuzz_policy_SOURCES = tests/fuzz/fuzz_policy.c tests/fuzz/fuzz.h
tests_fuzz_fuzz_policy_LDADD = $(project_libs)
tests_fuzz_fuzz_policy_LDFLAGS = -fsanitize=fuzzer
tests_fuzz_fuzz_exchange_SOURCES = tests/fuzz/fuzz_exchange.c tests/fuzz/fuzz.h tests/fuzz/fuzzed_daemon.c tests/fuzz/fuzzed_daemon.h \
	tests/fuzz/hostile_asked.c tests/fuzz/hostile_asked.h \
	tests/fuzz/hostile_client.c tests/fuzz/hostile_client.h tests/fuzz/hostile_frames.c tests/fuzz/hostile_server.c \
	tests/fuzz/hostile_server.h tests/fuzz/virtual_time.c tests/fuzz/virtual_time.h
tests_fuzz_fuzz_exchange_LDADD = $(project_libs)
tests_fuzz_fuzz_exchange_LDFLAGS = -fsanitize=fuzzer -Wl,--wrap=epoll_wait -Wl,--wrap=clock_wall_ms \
	-Wl,--wrap=log_configure -Wl,--wrap=connector_new
