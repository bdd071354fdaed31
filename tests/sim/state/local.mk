# SPDX-License-Identifier: Apache-2.0
# The state of the simulated server, and what tests set and see of it.
tests_sim_tbsim_SOURCES += \
	tests/sim/state/injected_faults.c tests/sim/state/injected_faults.h \
	tests/sim/state/rate_limiter.c tests/sim/state/rate_limiter.h \
	tests/sim/state/request_log.c tests/sim/state/request_log.h \
	tests/sim/state/sim.c tests/sim/state/sim.h \
	tests/sim/state/violation_log.c tests/sim/state/violation_log.h
