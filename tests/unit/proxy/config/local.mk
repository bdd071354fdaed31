# SPDX-License-Identifier: Apache-2.0
tests_unit_test_proxy_SOURCES += \
	tests/unit/proxy/config/config.c \
	tests/unit/proxy/config/config_check.c \
	tests/unit/proxy/config/config_files.c \
	tests/unit/proxy/config/config_help.c \
	tests/unit/proxy/config/config_mistake.c \
	tests/unit/proxy/config/options.c tests/unit/proxy/config/options.h
