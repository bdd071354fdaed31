# SPDX-License-Identifier: Apache-2.0
# The codec against the generated tables of all documents.
conformance_tests = tests/conformance/test_schemas
check_PROGRAMS += $(conformance_tests)
TESTS += $(conformance_tests)

tests_conformance_test_schemas_SOURCES = tests/conformance/test_schemas.c \
	tests/common/instance.c tests/common/instance.h
tests_conformance_test_schemas_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests/common
tests_conformance_test_schemas_LDADD = gen/libtables.la $(project_libs)
