# SPDX-License-Identifier: Apache-2.0
tests_unit_test_base_SOURCES += \
	tests/unit/http/content_type.c \
	tests/unit/http/header_filter.c \
	tests/unit/http/headers.c \
	tests/unit/http/origin.c \
	tests/unit/http/preference.c \
	tests/unit/http/response_reader.c \
	tests/unit/http/target.c \
	tests/unit/http/websocket_frame.c
