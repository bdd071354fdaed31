# SPDX-License-Identifier: Apache-2.0
tests_unit_test_proxy_SOURCES += \
	tests/unit/proxy/route/operation.c \
	tests/unit/proxy/route/route.c \
	tests/unit/proxy/route/router.c \
	tests/unit/proxy/route/urgency.c
