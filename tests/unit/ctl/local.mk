# SPDX-License-Identifier: Apache-2.0
tests_unit_test_ctl_SOURCES += \
	tests/unit/ctl/parameter.c \
	tests/unit/ctl/spelling.c
