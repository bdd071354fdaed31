# SPDX-License-Identifier: Apache-2.0
# JSON as a Java server reads and writes it.
tests_sim_tbsim_SOURCES += \
	tests/sim/json/exact_number.c tests/sim/json/exact_number.h \
	tests/sim/json/java_json.c tests/sim/json/java_json.h
