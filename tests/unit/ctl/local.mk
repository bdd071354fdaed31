# SPDX-License-Identifier: Apache-2.0
tests_unit_test_ctl_SOURCES += \
	tests/unit/ctl/body.c \
	tests/unit/ctl/dotted_path.c \
	tests/unit/ctl/field.c \
	tests/unit/ctl/parameter.c \
	tests/unit/ctl/spelling.c
