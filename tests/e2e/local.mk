# SPDX-License-Identifier: Apache-2.0
# End-to-end tests: the real binaries on free ports.
TESTS += \
	tests/e2e/test_bodies.py \
	tests/e2e/test_connections.py \
	tests/e2e/test_forwarding.py \
	tests/e2e/test_gate.py \
	tests/e2e/test_headers.py \
	tests/e2e/test_local_answers.py \
	tests/e2e/test_targets.py

EXTRA_DIST += \
	tests/e2e/client.py \
	tests/e2e/daemon.py \
	tests/e2e/harness.py \
	tests/e2e/scripted.py \
	tests/e2e/simulator.py \
	tests/e2e/tap.py \
	tests/e2e/waiting.py \
	tests/e2e/test_bodies.py \
	tests/e2e/test_connections.py \
	tests/e2e/test_forwarding.py \
	tests/e2e/test_gate.py \
	tests/e2e/test_headers.py \
	tests/e2e/test_local_answers.py \
	tests/e2e/test_targets.py
