# SPDX-License-Identifier: Apache-2.0
tests_unit_test_base_SOURCES += \
	tests/unit/base/bucket.c \
	tests/unit/base/buf.c \
	tests/unit/base/error.c \
	tests/unit/base/fifo.c \
	tests/unit/base/hash.c \
	tests/unit/base/list.c \
	tests/unit/base/log.c \
	tests/unit/base/loop.c \
	tests/unit/base/quota.c \
	tests/unit/base/secret.c \
	tests/unit/base/timer.c \
	tests/unit/base/utf8.c
