# SPDX-License-Identifier: Apache-2.0
tests_unit_test_proxy_SOURCES += \
	tests/unit/proxy/exchange/allowance.c \
	tests/unit/proxy/exchange/failure_log.c \
	tests/unit/proxy/exchange/failures.c \
	tests/unit/proxy/exchange/idle_memory.c \
	tests/unit/proxy/exchange/principal.c \
	tests/unit/proxy/exchange/socket_owner.c \
	tests/unit/proxy/exchange/tasks.c \
	tests/unit/proxy/exchange/trace.c
