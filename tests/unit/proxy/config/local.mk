# SPDX-License-Identifier: Apache-2.0
tests_unit_test_proxy_SOURCES += \
	tests/unit/proxy/config/check.c \
	tests/unit/proxy/config/check_files.c \
	tests/unit/proxy/config/help.c \
	tests/unit/proxy/config/known_options.c tests/unit/proxy/config/known_options.h \
	tests/unit/proxy/config/load.c \
	tests/unit/proxy/config/read_apart.c \
	tests/unit/proxy/config/remedy.c \
	tests/unit/proxy/config/syntax_error.c \
	tests/unit/proxy/config/values.c
