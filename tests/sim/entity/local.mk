# SPDX-License-Identifier: Apache-2.0
# What the controllers have in common.
tests_sim_tbsim_SOURCES += \
	tests/sim/entity/entity_access.c tests/sim/entity/entity_access.h \
	tests/sim/entity/entity_filter.c \
	tests/sim/entity/entity_query.c tests/sim/entity/entity_query.h \
	tests/sim/entity/entity_saving.c \
	tests/sim/entity/json_converter.c tests/sim/entity/json_converter.h \
	tests/sim/entity/key_filter_predicate.c \
	tests/sim/entity/page_link.c tests/sim/entity/page_link.h
