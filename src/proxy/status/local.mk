# SPDX-License-Identifier: Apache-2.0
src_libproxy_la_SOURCES += \
	src/proxy/status/metrics_reply.c src/proxy/status/metrics_reply.h \
	src/proxy/status/status_queue.c src/proxy/status/status_queue.h \
	src/proxy/status/status.c src/proxy/status/status.h \
	src/proxy/status/status_events.c src/proxy/status/status_events.h \
	src/proxy/status/trace_stream.c src/proxy/status/trace_stream.h
