# SPDX-License-Identifier: Apache-2.0
src_libproxy_la_SOURCES += \
	src/proxy/metrics/metrics.c src/proxy/metrics/metrics.h \
	src/proxy/metrics/metrics_page.c \
	src/proxy/metrics/metrics_private.h
