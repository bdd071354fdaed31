# SPDX-License-Identifier: Apache-2.0
src_libproxy_la_SOURCES += \
	src/proxy/policy/policies.c src/proxy/policy/policies.h \
	src/proxy/policy/policy.c src/proxy/policy/policy.h \
	src/proxy/policy/policy_bounds.c src/proxy/policy/policy_bounds.h \
	src/proxy/policy/policy_read.c \
	src/proxy/policy/policy_record.c src/proxy/policy/policy_record.h \
	src/proxy/policy/question.c src/proxy/policy/question.h \
	src/proxy/policy/subject.c src/proxy/policy/subject.h \
	src/proxy/policy/subject_body.c src/proxy/policy/subject_body.h \
	src/proxy/policy/subject_path.c src/proxy/policy/subject_path.h
