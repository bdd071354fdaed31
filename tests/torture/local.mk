# SPDX-License-Identifier: Apache-2.0
# Torture: the programs with calls that fail (fail.c).
test_programs += tests/torture/tbproxyd tests/torture/tbproxyctl tests/torture/library

torture_sources = tests/torture/fail.c tests/torture/fail.h tests/torture/fail_calls.c tests/torture/fail_libraries.c
tests_torture_tbproxyd_SOURCES = src/proxy/daemon/main.c $(torture_sources)
tests_torture_tbproxyd_LDADD = $(project_libs)
tests_torture_tbproxyd_LDFLAGS = -rdynamic

tests_torture_tbproxyctl_SOURCES = src/ctl/main.c $(torture_sources)
tests_torture_tbproxyctl_LDADD = $(ctl_libs)
tests_torture_tbproxyctl_LDFLAGS = -rdynamic

tests_torture_library_SOURCES = tests/torture/library.c $(torture_sources)
tests_torture_library_CPPFLAGS = $(AM_CPPFLAGS) $(generated_cppflags)
tests_torture_library_LDADD = $(libtbclient_ce) $(JANSSON_LIBS)
tests_torture_library_LDFLAGS = -rdynamic
$(tests_torture_library_OBJECTS): $(libtbclient_ce)

torture_tests = tests/torture/test_reports.py tests/torture/test_torture.py

EXTRA_DIST += $(torture_tests) tests/torture/control.py tests/torture/life.py tests/torture/reports.py tests/torture/steps.py tests/torture/torture.py tests/torture/torture_ctl.py tests/torture/torture_library.py tests/torture/torture_spool.py
