# SPDX-License-Identifier: Apache-2.0
# Every test program speaks TAP, so that each test case is counted.
LOG_DRIVER = env AM_TAP_AWK='$(AWK)' $(SHELL) $(top_srcdir)/build-aux/tap-driver.sh
TEST_EXTENSIONS = .py
PY_LOG_DRIVER = $(LOG_DRIVER)
LOG_COMPILER = $(TB_WRAPPER)
PY_LOG_COMPILER = $(PYTHON)
# What looks at the sources is run once, what runs the programs under every tool of scripts/test, and what runs every
# operation and every schema with and without the sanitizers.
source_tests =
program_tests =
conformance_tests =
TESTS = $(source_tests) $(program_tests) $(conformance_tests)

# Where threads are: in the library and its programs; and of the daemon, whose own code has one, what resolves names,
# speaks TLS, logs in, streams and stops.
threaded_tests = tests/unit/test_base tests/unit/test_upstream tests/unit/test_client tests/e2e/test_library.py tests/e2e/test_examples.py \
	tests/e2e/test_ctl.py tests/e2e/test_official_client.py tests/e2e/test_session.py tests/e2e/test_service.py \
	tests/e2e/test_streams.py tests/e2e/test_tls.py

EXTRA_DIST += tests/valgrind.supp

# TB_BUILD: the build under test. Others may be set for make: TB_WRAPPER, a command in front of the programs under test,
# such as valgrind; TB_SLOW, fewer rounds in unit tests; TB_LONG,
# longer tests; TB_SEED, the seed of an earlier run.
AM_TESTS_ENVIRONMENT = TB_BUILD='$(abs_top_builddir)'; export TB_BUILD;

include $(srcdir)/docs/examples/local.mk
include $(srcdir)/tests/unit/local.mk
include $(srcdir)/tests/e2e/local.mk
include $(srcdir)/tests/conformance/local.mk
include $(srcdir)/tests/gen/local.mk
include $(srcdir)/tests/scripts/local.mk
include $(srcdir)/tests/fuzz/local.mk
include $(srcdir)/tests/bench/local.mk
