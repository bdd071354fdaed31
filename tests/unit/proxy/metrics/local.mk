# SPDX-License-Identifier: Apache-2.0
tests_unit_test_proxy_SOURCES += \
	tests/unit/proxy/metrics/metrics.c \
	tests/unit/proxy/metrics/prometheus.c tests/unit/proxy/metrics/prometheus.h
