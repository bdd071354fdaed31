# SPDX-License-Identifier: Apache-2.0
# Tokens: issued and checked.
tests_sim_tbsim_SOURCES += \
	tests/sim/auth/token_filter.c tests/sim/auth/token_filter.h \
	tests/sim/auth/token_issuer.c tests/sim/auth/token_issuer.h
