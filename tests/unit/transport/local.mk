# SPDX-License-Identifier: Apache-2.0
tests_unit_test_transport_SOURCES += \
	tests/unit/transport/connection.c \
	tests/unit/transport/connection_open.c \
	tests/unit/transport/connection_tls.c \
	tests/unit/transport/wire.c tests/unit/transport/wire.h \
	tests/unit/transport/wire_calls.c
tests_unit_test_http2_SOURCES += \
	tests/unit/transport/http2_answer.c \
	tests/unit/transport/http2_connection.c \
	tests/unit/transport/http2_ending.c \
	tests/unit/transport/http2_hostile.c \
	tests/unit/transport/http2_request.c \
	tests/unit/transport/http2_server.c tests/unit/transport/http2_server.h \
	tests/unit/transport/http2_silence.c \
	tests/unit/transport/http2_window.c
tests_unit_test_http1_SOURCES += \
	tests/unit/transport/http1_answer.c \
	tests/unit/transport/http1_request.c \
	tests/unit/transport/http1_world.c tests/unit/transport/http1_world.h
tests_unit_test_pool_SOURCES += \
	tests/unit/transport/pool_choice.c \
	tests/unit/transport/pool_dead.c \
	tests/unit/transport/pool_retry.c \
	tests/unit/transport/pool_transfer.c \
	tests/unit/transport/pool_world.c tests/unit/transport/pool_world.h
