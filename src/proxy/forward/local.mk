# SPDX-License-Identifier: Apache-2.0
src_libproxy_la_SOURCES += \
	src/proxy/forward/admission.c src/proxy/forward/admission.h \
	src/proxy/forward/admission_wait.c \
	src/proxy/forward/body_stream.c src/proxy/forward/body_stream.h \
	src/proxy/forward/call_outcome.c \
	src/proxy/forward/call_send.c \
	src/proxy/forward/call_timeout.c src/proxy/forward/call_timeout.h \
	src/proxy/forward/forward.c src/proxy/forward/forward.h \
	src/proxy/forward/forward_handler.c \
	src/proxy/forward/forward_spool.h \
	src/proxy/forward/forwarding.h \
	src/proxy/forward/hold.c \
	src/proxy/forward/join.c src/proxy/forward/join.h \
	src/proxy/forward/merge.c src/proxy/forward/merge.h \
	src/proxy/forward/merge_attributes.c src/proxy/forward/merge_attributes.h \
	src/proxy/forward/merge_body.c src/proxy/forward/merge_body.h \
	src/proxy/forward/queue.c src/proxy/forward/queue.h \
	src/proxy/forward/queue_flow.c src/proxy/forward/queue_flow.h \
	src/proxy/forward/queue_key.c src/proxy/forward/queue_key.h \
	src/proxy/forward/queue_lane.c src/proxy/forward/queue_lane.h \
	src/proxy/forward/queue_pop.c \
	src/proxy/forward/queue_principal.c src/proxy/forward/queue_principal.h \
	src/proxy/forward/retry.c \
	src/proxy/forward/slow_start.c src/proxy/forward/slow_start.h \
	src/proxy/forward/upstream_call.c src/proxy/forward/upstream_call.h
