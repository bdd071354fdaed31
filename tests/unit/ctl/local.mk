# SPDX-License-Identifier: Apache-2.0
tests_unit_test_ctl_SOURCES += \
	tests/unit/ctl/names.c \
	tests/unit/ctl/value.c
