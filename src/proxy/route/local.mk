# SPDX-License-Identifier: Apache-2.0
src_libproxy_la_SOURCES += \
	src/proxy/route/operation.c src/proxy/route/operation.h \
	src/proxy/route/route.c src/proxy/route/route.h \
	src/proxy/route/urgency.c src/proxy/route/urgency.h
