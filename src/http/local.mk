# SPDX-License-Identifier: Apache-2.0
# HTTP as text. No input or output.
src_libhttp_la_SOURCES = \
	src/http/content_type.c src/http/content_type.h \
	src/http/field_line.c src/http/field_line.h \
	src/http/header_filter.c src/http/header_filter.h \
	src/http/headers.c src/http/headers.h \
	src/http/origin.c src/http/origin.h \
	src/http/preference.c src/http/preference.h \
	src/http/proxy_status.h \
	src/http/query.c src/http/query.h \
	src/http/response_reader.c src/http/response_reader.h \
	src/http/target.c src/http/target.h \
	src/http/websocket_frame.c src/http/websocket_frame.h
