# SPDX-License-Identifier: Apache-2.0
# End-to-end tests: the real binaries on free ports.
e2e_tests = \
	tests/e2e/test_admin.py \
	tests/e2e/test_audit.py \
	tests/e2e/test_bad_requests.py \
	tests/e2e/test_bodies.py \
	tests/e2e/test_body_floods.py \
	tests/e2e/test_streams.py \
	tests/e2e/test_budget.py \
	tests/e2e/test_chromium.py \
	tests/e2e/test_config.py \
	tests/e2e/test_connections.py \
	tests/e2e/test_crash.py \
	tests/e2e/test_dead_connections.py \
	tests/e2e/test_descriptors.py \
	tests/e2e/test_documents.py \
	tests/e2e/test_early_responses.py \
	tests/e2e/test_endings_http1.py \
	tests/e2e/test_endings_http2.py \
	tests/e2e/test_server_version.py \
	tests/e2e/test_ctl.py \
	tests/e2e/test_ctl_call.py \
	tests/e2e/test_ctl_completion.py \
	tests/e2e/test_ctl_describe.py \
	tests/e2e/test_ctl_policy.py \
	tests/e2e/test_ctl_status.py \
	tests/e2e/test_examples.py \
	tests/e2e/test_exhaustion_connections.py \
	tests/e2e/test_exhaustion_floods.py \
	tests/e2e/test_exhaustion_slow.py \
	tests/e2e/test_failover.py \
	tests/e2e/test_forwarding.py \
	tests/e2e/test_full_memory.py \
	tests/e2e/test_browser_guard.py \
	tests/e2e/test_hints.py \
	tests/e2e/test_http2.py \
	tests/e2e/test_http2_burst.py \
	tests/e2e/test_http2_windows.py \
	tests/e2e/test_hold.py \
	tests/e2e/test_hostile_clients.py \
	tests/e2e/test_http_absolute_form.py \
	tests/e2e/test_http_chunked.py \
	tests/e2e/test_http_codings.py \
	tests/e2e/test_http_conditional.py \
	tests/e2e/test_http_connections.py \
	tests/e2e/test_http_header_sizes.py \
	tests/e2e/test_http_headers.py \
	tests/e2e/test_http_interim.py \
	tests/e2e/test_http_methods.py \
	tests/e2e/test_http_range.py \
	tests/e2e/test_http_smuggling.py \
	tests/e2e/test_http_targets.py \
	tests/e2e/test_idle_connections.py \
	tests/e2e/test_join.py \
	tests/e2e/test_json.py \
	tests/e2e/test_library.py \
	tests/e2e/test_listeners.py \
	tests/e2e/test_local_answers.py \
	tests/e2e/test_login_refused.py \
	tests/e2e/test_logs.py \
	tests/e2e/test_long_calls.py \
	tests/e2e/test_merge.py \
	tests/e2e/test_metrics.py \
	tests/e2e/test_neighbours.py \
	tests/e2e/test_night.py \
	tests/e2e/test_official_client.py \
	tests/e2e/test_outage.py \
	tests/e2e/test_operation_limit.py \
	tests/e2e/test_outgoing_proxy.py \
	tests/e2e/test_pages.py \
	tests/e2e/test_policy.py \
	tests/e2e/test_policy_bounds.py \
	tests/e2e/test_passed_sockets.py \
	tests/e2e/test_patience.py \
	tests/e2e/test_principals.py \
	tests/e2e/test_queue.py \
	tests/e2e/test_rate_limit.py \
	tests/e2e/test_retry_safety.py \
	tests/e2e/test_secrets.py \
	tests/e2e/test_server_faults.py \
	tests/e2e/test_service.py \
	tests/e2e/test_slow_uploads.py \
	tests/e2e/test_spool_delivery.py \
	tests/e2e/test_spool_take.py \
	tests/e2e/test_server_clock.py \
	tests/e2e/test_session.py \
	tests/e2e/test_shell_examples.py \
	tests/e2e/test_short_lives.py \
	tests/e2e/test_simulator_recorded.py \
	tests/e2e/test_simulator_schema.py \
	tests/e2e/test_simulator_values.py \
	tests/e2e/test_simulator_websocket.py \
	tests/e2e/test_slow_clients.py \
	tests/e2e/test_stalled_log.py \
	tests/e2e/test_spool_ctl.py \
	tests/e2e/test_spool_bounds.py \
	tests/e2e/test_spool_file.py \
	tests/e2e/test_status_page.py \
	tests/e2e/test_subscribe.py \
	tests/e2e/test_tls.py \
	tests/e2e/test_units.py \
	tests/e2e/test_web_pages.py \
	tests/e2e/test_websocket.py \
	tests/e2e/test_websocket_handshake.py \
	tests/e2e/test_websocket_updates.py

program_tests += $(e2e_tests)
fault_tests += tests/e2e/test_kills.py tests/e2e/test_spool_kills.py

EXTRA_DIST += $(e2e_tests) tests/e2e/test_kills.py tests/e2e/test_spool_kills.py \
	tests/e2e/build_tree.py \
	tests/e2e/client.py \
	tests/e2e/ctl_case.py \
	tests/e2e/daemon.py \
	tests/e2e/endings.py \
	tests/e2e/event_stream.py \
	tests/e2e/example_case.py \
	tests/e2e/exhaustion.py \
	tests/e2e/front.py \
	tests/e2e/harness.py \
	tests/e2e/hpack.py \
	tests/e2e/listening.py \
	tests/e2e/monitoring.py \
	tests/e2e/http2.py \
	tests/e2e/namespaces.py \
	tests/e2e/neighbours.py \
	tests/e2e/page/walk.py \
	tests/e2e/queueing.py \
	tests/e2e/recorded.json \
	tests/e2e/recorded_websocket.json \
	tests/e2e/recording.py \
	tests/e2e/scripted.py \
	tests/e2e/simulator.py \
	tests/e2e/sim_websocket.py \
	tests/e2e/spooling.py \
	tests/e2e/tap.py \
	tests/e2e/tls.py \
	tests/e2e/users.py \
	tests/e2e/waiting.py \
	tests/e2e/ways.py \
	tests/e2e/websocket.py \
	tests/e2e/wiretap.py \
	tests/e2e/official/attributes.py \
	tests/e2e/official/devices.py \
	tests/e2e/official/errors.py \
	tests/e2e/official/paging.py \
	tests/e2e/official/queries.py \
	tests/e2e/official/quickstart.py \
	tests/e2e/official/run.py \
	tests/e2e/official/telemetry.py

# A program that uses the library like any other program.
test_programs += tests/e2e/caller
tests_e2e_caller_SOURCES = tests/e2e/caller.c tests/common/small_api.c tests/common/small_api.h
tests_e2e_caller_LDADD = src/libtbclient.la $(JANSSON_LIBS) -lpthread
