# SPDX-License-Identifier: Apache-2.0
tests_unit_test_proxy_SOURCES += \
	tests/unit/proxy/forward/call_timeout.c \
	tests/unit/proxy/forward/merge_body.c \
	tests/unit/proxy/forward/merge_body_random.c \
	tests/unit/proxy/forward/queue.c \
	tests/unit/proxy/forward/queue_bounds.c \
	tests/unit/proxy/forward/queue_operation.c \
	tests/unit/proxy/forward/queue_principals.c \
	tests/unit/proxy/forward/queue_random.c \
	tests/unit/proxy/forward/slow_start.c

# These have their own request_*(), reply_*() and the like, which replace the daemon's.
tests_unit_test_forward_SOURCES += \
	tests/unit/proxy/forward/upstream_call.c \
	tests/unit/proxy/forward/upstream_call_actor.c tests/unit/proxy/forward/upstream_call_actor.h \
	tests/unit/proxy/forward/upstream_call_faults.c \
	tests/unit/proxy/forward/upstream_call_hold.c \
	tests/unit/proxy/forward/upstream_call_operation.c \
	tests/unit/proxy/forward/upstream_call_patience.c \
	tests/unit/proxy/forward/upstream_call_retry.c \
	tests/unit/proxy/forward/upstream_call_server.c tests/unit/proxy/forward/upstream_call_server.h \
	tests/unit/proxy/forward/upstream_call_simulation.c \
	tests/unit/proxy/forward/upstream_call_world.c tests/unit/proxy/forward/upstream_call_world.h
