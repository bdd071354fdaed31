# SPDX-License-Identifier: Apache-2.0
tests_unit_test_proxy_SOURCES += \
	tests/unit/proxy/listen/browser_guard.c \
	tests/unit/proxy/listen/descriptors.c \
	tests/unit/proxy/listen/listening_socket.c
