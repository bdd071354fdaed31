# SPDX-License-Identifier: Apache-2.0
# The bytes to and from a server: libcurl connects, HTTP/1.1 and HTTP/2 are spoken here.
src_libtransport_la_SOURCES = \
	src/transport/certificates.c src/transport/certificates.h \
	src/transport/connection.c src/transport/connection.h \
	src/transport/connection_open.c \
	src/transport/connection_private.h \
	src/transport/connection_tls.c \
	src/transport/connector.c src/transport/connector.h \
	src/transport/connector_private.h \
	src/transport/http1.c src/transport/http1_private.h \
	src/transport/http1_receive.c \
	src/transport/http1_request.c src/transport/http1_request.h \
	src/transport/http1_send.c \
	src/transport/http2.c src/transport/http2_private.h \
	src/transport/http2_frames.c \
	src/transport/http2_request.c \
	src/transport/http2_silence.c \
	src/transport/http2_stream.c \
	src/transport/http2_window.c \
	src/transport/http_connection.h \
	src/transport/options.c src/transport/options.h \
	src/transport/library_memory.c src/transport/library_memory.h \
	src/transport/pool.c src/transport/pool.h \
	src/transport/pool_connection.c \
	src/transport/pool_open.c \
	src/transport/pool_private.h \
	src/transport/pool_transfer.c \
	src/transport/transfer.c src/transport/transfer.h \
	src/transport/transfer_answer.c src/transport/transfer_answer.h \
	src/transport/transfer_end.c src/transport/transfer_end.h \
	src/transport/transfer_error.h \
	src/transport/transport.c src/transport/transport.h \
	src/transport/transport_private.h
