# SPDX-License-Identifier: Apache-2.0
tests_unit_test_client_SOURCES += \
	tests/unit/client/answer.c \
	tests/unit/client/arena.c \
	tests/unit/client/check.c \
	tests/unit/client/codec_memory.c \
	tests/unit/client/decode.c \
	tests/unit/client/encode.c \
	tests/unit/client/exact.c \
	tests/unit/client/options.c \
	tests/unit/client/parts.c \
	tests/unit/client/sink.c \
	tests/unit/client/url.c
