# SPDX-License-Identifier: Apache-2.0
# libtbclient: the table engine and the blocking API. The editions' libraries add tables and typed functions.
src_libclient_la_SOURCES = \
	src/client/answer.c src/client/answer.h \
	src/client/answer_error.c src/client/answer_error.h \
	src/client/answer_headers.c src/client/answer_headers.h \
	src/client/arena.c src/client/arena.h \
	src/client/call.c src/client/call.h \
	src/client/check.c src/client/check.h \
	src/client/client.c \
	src/client/client_state.c src/client/client_state.h \
	src/client/codec.c \
	src/client/decode.c src/client/decode.h \
	src/client/encode.c src/client/encode.h \
	src/client/error.h \
	src/client/invoke.c src/client/invoke.h \
	src/client/iterator.c \
	src/client/multipart.c src/client/multipart.h \
	src/client/options.c src/client/options.h \
	src/client/parameters.c src/client/parameters.h \
	src/client/parts.c src/client/parts.h \
	src/client/perform.c src/client/perform.h \
	src/client/sink.c \
	src/client/sse.c \
	src/client/tables.c src/client/tables.h \
	src/client/url.c src/client/url.h \
	src/client/warnings.c src/client/warnings.h

src_libtbclient_la_SOURCES =
src_libtbclient_la_LIBADD = $(client_libs) $(CURL_LIBS) $(OPENSSL_LIBS) $(NGHTTP2_LIBS) $(JANSSON_LIBS) $(NETTLE_LIBS) -lm -lpthread
src_libtbclient_la_LDFLAGS = -version-info 0:0:0 -no-undefined
