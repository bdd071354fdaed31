# SPDX-License-Identifier: Apache-2.0
# The documentation, the scripts, and what "make install" does to files that are there.
scripts_tests = tests/scripts/test_docs.py tests/scripts/test_install.py tests/scripts/test_scripts.py
source_tests += $(scripts_tests)
EXTRA_DIST += $(scripts_tests) tests/scripts/check_package.py
