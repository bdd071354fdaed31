# SPDX-License-Identifier: Apache-2.0
tests_unit_test_proxy_SOURCES += \
	tests/unit/proxy/daemon/journal.c \
	tests/unit/proxy/daemon/log_format.c
