# SPDX-License-Identifier: Apache-2.0
# Style, documentation, scripts, and what "make install" does to existing files.
scripts_tests = tests/scripts/test_alerts.py tests/scripts/test_configure.py tests/scripts/test_docs.py tests/scripts/test_install.py tests/scripts/test_man.py \
	tests/scripts/test_scripts.py tests/scripts/test_style.py
source_tests += $(scripts_tests)
EXTRA_DIST += $(scripts_tests) tests/scripts/alerts_test.yml tests/scripts/check_booted.py tests/scripts/check_package.py tests/scripts/container.py
