# SPDX-License-Identifier: Apache-2.0
src_libproxy_la_SOURCES += \
	src/proxy/exchange/allowance.c src/proxy/exchange/allowance.h \
	src/proxy/exchange/early_response.c src/proxy/exchange/early_response.h \
	src/proxy/exchange/error_response.c src/proxy/exchange/error_response.h \
	src/proxy/exchange/event_stream.c src/proxy/exchange/event_stream.h \
	src/proxy/exchange/exchange.c src/proxy/exchange/exchange.h \
	src/proxy/exchange/failure_log.c src/proxy/exchange/failure_log.h \
	src/proxy/exchange/failures.c src/proxy/exchange/failures.h \
	src/proxy/exchange/handler.h \
	src/proxy/exchange/head.h \
	src/proxy/exchange/header_room.c src/proxy/exchange/header_room.h \
	src/proxy/exchange/idle_memory.c src/proxy/exchange/idle_memory.h \
	src/proxy/exchange/inbound.c src/proxy/exchange/inbound.h \
	src/proxy/exchange/outbound.h \
	src/proxy/exchange/peer.c src/proxy/exchange/peer.h \
	src/proxy/exchange/principal.c src/proxy/exchange/principal.h \
	src/proxy/exchange/raw_error.c src/proxy/exchange/raw_error.h \
	src/proxy/exchange/reply.c src/proxy/exchange/reply.h \
	src/proxy/exchange/reply_headers.c src/proxy/exchange/reply_headers.h \
	src/proxy/exchange/reply_server.c src/proxy/exchange/reply_server.h \
	src/proxy/exchange/request_log.c src/proxy/exchange/request_log.h \
	src/proxy/exchange/respond.c src/proxy/exchange/respond.h \
	src/proxy/exchange/response.c src/proxy/exchange/response.h \
	src/proxy/exchange/response_queue.c src/proxy/exchange/response_queue.h \
	src/proxy/exchange/services.h \
	src/proxy/exchange/socket_owner.c src/proxy/exchange/socket_owner.h \
	src/proxy/exchange/tasks.c src/proxy/exchange/tasks.h \
	src/proxy/exchange/timing.h \
	src/proxy/exchange/trace.c src/proxy/exchange/trace.h
