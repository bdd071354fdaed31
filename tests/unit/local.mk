# SPDX-License-Identifier: Apache-2.0
# One program per layer; each test file holds the suite of one module.
check_PROGRAMS += tests/unit/test_base tests/unit/test_client tests/unit/test_proxy
TESTS += tests/unit/test_base tests/unit/test_client tests/unit/test_proxy

tests_unit_test_base_SOURCES = tests/unit/test_base.c tests/unit/unit.c tests/unit/unit.h
tests_unit_test_base_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_test_base_LDADD = $(project_libs) $(CHECK_LIBS)

tests_unit_test_client_SOURCES = tests/unit/test_client.c tests/unit/unit.c tests/unit/unit.h
tests_unit_test_client_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_test_client_LDADD = $(project_libs) $(CHECK_LIBS)

tests_unit_test_proxy_SOURCES = tests/unit/test_proxy.c tests/unit/unit.c tests/unit/unit.h
tests_unit_test_proxy_CFLAGS = $(AM_CFLAGS) $(CHECK_CFLAGS)
tests_unit_test_proxy_LDADD = $(project_libs) $(CHECK_LIBS)
