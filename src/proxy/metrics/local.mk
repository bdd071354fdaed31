# SPDX-License-Identifier: Apache-2.0
src_libproxy_la_SOURCES += \
	src/proxy/metrics/gauges_page.c src/proxy/metrics/gauges.h \
	src/proxy/metrics/metrics.c src/proxy/metrics/metrics.h \
	src/proxy/metrics/metrics_page.c \
	src/proxy/metrics/metrics_private.h \
	src/proxy/metrics/page.c src/proxy/metrics/page.h \
	src/proxy/metrics/process.c src/proxy/metrics/process.h
