# SPDX-License-Identifier: Apache-2.0
source_tests += tests/gen/test_tbgen.py
EXTRA_DIST += tests/gen/test_tbgen.py
