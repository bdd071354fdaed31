# SPDX-License-Identifier: Apache-2.0
tests_unit_test_upstream_SOURCES += \
	tests/unit/upstream/budget.c \
	tests/unit/upstream/budget_pace.c \
	tests/unit/upstream/budget_ready.c \
	tests/unit/upstream/budget_simulation.c \
	tests/unit/upstream/budget_world.c tests/unit/upstream/budget_world.h \
	tests/unit/upstream/credential.c \
	tests/unit/upstream/failover.c \
	tests/unit/upstream/jwt.c \
	tests/unit/upstream/own_user.c \
	tests/unit/upstream/rate_limit.c \
	tests/unit/upstream/refusals.c \
	tests/unit/upstream/refusals_world.c tests/unit/upstream/refusals_world.h \
	tests/unit/upstream/refused_operations.c \
	tests/unit/upstream/retry.c \
	tests/unit/upstream/server_clock.c \
	tests/unit/upstream/server_health.c \
	tests/unit/upstream/server_probe.c \
	tests/unit/upstream/server_state.c \
	tests/unit/upstream/server_version.c \
	tests/unit/upstream/session.c \
	tests/unit/upstream/session_answer.c \
	tests/unit/upstream/session_failures.c \
	tests/unit/upstream/session_files.c \
	tests/unit/upstream/session_modes.c \
	tests/unit/upstream/session_refusal.c \
	tests/unit/upstream/stamp.c \
	tests/unit/upstream/websocket.c \
	tests/unit/upstream/world.c tests/unit/upstream/world.h
