# SPDX-License-Identifier: Apache-2.0
# Memory, texts, identifiers: nothing of JSON or HTTP.
tests_sim_tbsim_SOURCES += \
	tests/sim/base/memory.c tests/sim/base/memory.h \
	tests/sim/base/monotonic.h \
	tests/sim/base/string_map.c tests/sim/base/string_map.h \
	tests/sim/base/text.c tests/sim/base/text.h \
	tests/sim/base/uuid.c tests/sim/base/uuid.h
