# SPDX-License-Identifier: Apache-2.0
# The database.
tests_sim_tbsim_SOURCES += \
	tests/sim/store/entity_store.c tests/sim/store/entity_store.h \
	tests/sim/store/initial_data.c \
	tests/sim/store/relation_store.c \
	tests/sim/store/time_series.c tests/sim/store/time_series.h \
	tests/sim/store/value_history.c tests/sim/store/value_history.h
