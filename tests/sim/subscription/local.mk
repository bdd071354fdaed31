# SPDX-License-Identifier: Apache-2.0
# What a client has subscribed to over a WebSocket.
tests_sim_tbsim_SOURCES += \
	tests/sim/subscription/entity_data_subscription.c tests/sim/subscription/entity_data_subscription.h \
	tests/sim/subscription/telemetry_subscription.c tests/sim/subscription/telemetry_subscription.h
