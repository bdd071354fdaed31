# SPDX-License-Identifier: Apache-2.0
# The way to a ThingsBoard server.
src_libupstream_la_SOURCES = \
	src/upstream/auth_command.c src/upstream/auth_command.h \
	src/upstream/budget.c src/upstream/budget.h \
	src/upstream/credential.c src/upstream/credential.h \
	src/upstream/failover.c src/upstream/failover.h \
	src/upstream/jwt.c src/upstream/jwt.h \
	src/upstream/limit_discovery.c src/upstream/limit_discovery.h \
	src/upstream/outage.c src/upstream/outage.h \
	src/upstream/pace.c src/upstream/pace.h \
	src/upstream/rate_limit.c src/upstream/rate_limit.h \
	src/upstream/refusals.c src/upstream/refusals.h \
	src/upstream/refused_operations.c src/upstream/refused_operations.h \
	src/upstream/request.c src/upstream/request.h \
	src/upstream/request_lines.c src/upstream/request_lines.h \
	src/upstream/retry.c src/upstream/retry.h \
	src/upstream/server_clock.c src/upstream/server_clock.h \
	src/upstream/server_health.c src/upstream/server_health.h \
	src/upstream/server_probe.c src/upstream/server_probe.h \
	src/upstream/server_version.c src/upstream/server_version.h \
	src/upstream/servers.c src/upstream/servers.h \
	src/upstream/session.c src/upstream/session.h \
	src/upstream/session_answer.c src/upstream/session_answer.h \
	src/upstream/session_calls.c src/upstream/session_calls.h \
	src/upstream/session_delays.c src/upstream/session_delays.h \
	src/upstream/session_grant.c src/upstream/session_grant.h \
	src/upstream/session_options.c src/upstream/session_options.h \
	src/upstream/session_protocol.c src/upstream/session_protocol.h \
	src/upstream/session_secrets.c src/upstream/session_secrets.h \
	src/upstream/stamp.c src/upstream/stamp.h \
	src/upstream/transfer.c \
	src/upstream/transfer_answer.c \
	src/upstream/transfer_error.c \
	src/upstream/transfer_retry.c \
	src/upstream/transport.c src/upstream/transport.h \
	src/upstream/transport_handle.c \
	src/upstream/transport_options.c \
	src/upstream/transport_private.h \
	src/upstream/transport_socket.c \
	src/upstream/upstream.c src/upstream/upstream.h \
	src/upstream/upstream_clock.c src/upstream/upstream_clock.h \
	src/upstream/websocket.c src/upstream/websocket.h \
	src/upstream/websocket_handshake.c src/upstream/websocket_handshake.h \
	src/upstream/websocket_token.c src/upstream/websocket_token.h
