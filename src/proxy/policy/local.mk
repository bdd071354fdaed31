# SPDX-License-Identifier: Apache-2.0
src_libproxy_la_SOURCES += \
	src/proxy/policy/policies.c src/proxy/policy/policies.h \
	src/proxy/policy/policy.c src/proxy/policy/policy.h \
	src/proxy/policy/policy_read.c \
	src/proxy/policy/subject.c src/proxy/policy/subject.h
