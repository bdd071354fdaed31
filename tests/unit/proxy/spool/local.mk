# SPDX-License-Identifier: Apache-2.0
tests_unit_test_spool_SOURCES += \
	tests/unit/proxy/spool/spool_answer.c \
	tests/unit/proxy/spool/spool_batch.c \
	tests/unit/proxy/spool/spool_bounds.c \
	tests/unit/proxy/spool/spool_body.c \
	tests/unit/proxy/spool/spool_entities.c \
	tests/unit/proxy/spool/spool_filter.c \
	tests/unit/proxy/spool/spool_rate.c \
	tests/unit/proxy/spool/spool_write.c

# In the world of the forward room, with its simulated server; the writer is no thread.
tests_unit_test_forward_SOURCES += \
	tests/unit/proxy/spool/spool_age.c \
	tests/unit/proxy/spool/spool_ask.c \
	tests/unit/proxy/spool/spool_order.c \
	tests/unit/proxy/spool/spool_delivery.c \
	tests/unit/proxy/spool/spool_delivery_others.c \
	tests/unit/proxy/spool/spool_refused.c \
	tests/unit/proxy/spool/spool_delivery_world.c tests/unit/proxy/spool/spool_delivery_world.h
