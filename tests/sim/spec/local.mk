# SPDX-License-Identifier: Apache-2.0
# What the OpenAPI documents say of a request.
tests_sim_tbsim_SOURCES += \
	tests/sim/spec/multipart_validator.c \
	tests/sim/spec/operation_lookup.c tests/sim/spec/operation_lookup.h \
	tests/sim/spec/path_template.c tests/sim/spec/path_template.h \
	tests/sim/spec/request_validator.c tests/sim/spec/request_validator.h \
	tests/sim/spec/schema_validator.c tests/sim/spec/schema_validator.h
