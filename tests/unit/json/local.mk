# SPDX-License-Identifier: Apache-2.0
tests_unit_test_base_SOURCES += \
	tests/unit/json/json_check.c \
	tests/unit/json/json_read.c \
	tests/unit/json/json_text.c \
	tests/unit/json/number.c
