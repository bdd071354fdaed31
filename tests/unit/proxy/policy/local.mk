# SPDX-License-Identifier: Apache-2.0
tests_unit_test_proxy_SOURCES += \
	tests/unit/proxy/policy/policy.c \
	tests/unit/proxy/policy/policy_bounds.c \
	tests/unit/proxy/policy/subject.c
