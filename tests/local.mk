# SPDX-License-Identifier: Apache-2.0
# Every test program writes TAP, so that each test case is counted.
LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
TEST_EXTENSIONS = .py
PY_LOG_DRIVER = $(LOG_DRIVER)
LOG_COMPILER = $(TB_WRAPPER)
PY_LOG_COMPILER = $(PYTHON)
# source_tests read the sources and run once, in the first stage of scripts/test; program_tests run the programs, under
# each tool of scripts/test; conformance_tests try every operation and every schema, with and without the sanitizers.
# fault_tests take minutes, or much longer with TB_LONG, and are not a part of "make check": scripts/test runs them in a
# stage of their own.
source_tests =
program_tests =
conformance_tests =
fault_tests =
TESTS = $(source_tests) $(program_tests) $(conformance_tests)

# Code with threads: the library and its programs; in the daemon, whatever resolves names, uses TLS, logs in, streams or
# stops.
threaded_tests = tests/unit/test_base tests/unit/test_upstream tests/unit/test_client tests/unit/test_spool tests/e2e/test_library.py \
	tests/e2e/test_examples.py tests/e2e/test_ctl.py tests/e2e/test_official_client.py tests/e2e/test_session.py \
	tests/e2e/test_service.py tests/e2e/test_streams.py tests/e2e/test_tls.py

# The units, and end-to-end tests that go through each room of the daemon once: valgrind looks for what the sanitizers do
# not see, which is the use of what was never set.
valgrind_tests = $(unit_tests) tests/e2e/test_audit.py tests/e2e/test_bodies.py tests/e2e/test_failover.py \
	tests/e2e/test_forwarding.py tests/e2e/test_http2.py tests/e2e/test_join.py tests/e2e/test_policy_bounds.py \
	tests/e2e/test_tls.py tests/e2e/test_websocket_handshake.py tests/e2e/test_websocket_updates.py

EXTRA_DIST += tests/valgrind.supp

# TB_BUILD: the build under test. Others may be set for make: TB_WRAPPER, a command in front of the programs under test,
# such as valgrind; TB_SLOW, fewer rounds in unit tests; TB_LONG, longer tests; TB_FAULT_SECONDS, longer faults; TB_SEED,
# the seed of an earlier run.
AM_TESTS_ENVIRONMENT = TB_BUILD='$(abs_top_builddir)'; export TB_BUILD;

if TESTS_CAN_BE_BUILT
check_PROGRAMS = $(test_programs)
check_LTLIBRARIES = $(test_libraries)
quick_programs = $(unit_tests) tests/sim/tbsim tests/e2e/caller $(if $(filter test_examples,$(T)),$(examples_ce) $(examples_pe))
else
check_DATA = libraries-for-tests
quick_programs = libraries-for-tests
endif
libraries-for-tests:
	@echo "The tests need libraries that configure did not find. On Debian: apt-get install $(missing_for_tests)" >&2; \
	echo "Then run configure again." >&2; exit 1

# The developer's loop: builds the programs; runs the unit tests, the style checks and, with T, the end-to-end tests of
# one file, make quick T=test_queue; prints a summary and what does not pass.
quick_tests = $(unit_tests) tests/unit/include_graph.py tests/scripts/test_style.py tests/scripts/test_docs.py \
	$(T:%=tests/e2e/%.py)
quick: all
	@for test in $(T); do test -f $(srcdir)/tests/e2e/$$test.py || { echo "make quick: tests/e2e/$$test.py does not exist" >&2; exit 2; }; done
	$(MAKE) $(AM_MAKEFLAGS) $(quick_programs)
	@{ $(MAKE) $(AM_MAKEFLAGS) -Otarget --no-print-directory check-TESTS check_PROGRAMS= TESTS='$(quick_tests)'; \
	    echo "exit status $$?"; } | $(AWK) '/^exit status/ {exit $$3} !/^PASS: / {print}'
format:
	$(srcdir)/scripts/format
.PHONY: libraries-for-tests quick format

include $(srcdir)/docs/examples/local.mk
include $(srcdir)/tests/unit/local.mk
include $(srcdir)/tests/e2e/local.mk
include $(srcdir)/tests/faults/local.mk
include $(srcdir)/tests/conformance/local.mk
include $(srcdir)/tests/gen/local.mk
include $(srcdir)/tests/scripts/local.mk
include $(srcdir)/tests/fuzz/local.mk
include $(srcdir)/tests/schedules/local.mk
include $(srcdir)/tests/bench/local.mk
include $(srcdir)/tests/soak/local.mk
include $(srcdir)/tests/torture/local.mk
