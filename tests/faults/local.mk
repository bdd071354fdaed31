# SPDX-License-Identifier: Apache-2.0
# What fails around a program: the network, the server, the name server, certificates, the clock, the disk. They need root,
# for network namespaces and TUN devices. With TB_FAULT_SECONDS each fault lasts so long.
cable_tests = \
	tests/faults/test_certificates.py \
	tests/faults/test_clock.py \
	tests/faults/test_cut.py \
	tests/faults/test_dead_for_both.py \
	tests/faults/test_memory.py \
	tests/faults/test_names.py \
	tests/faults/test_packets.py \
	tests/faults/test_server_away.py \
	tests/faults/test_shortage.py \
	tests/faults/test_spool_clock.py \
	tests/faults/test_spool_disk.py \
	tests/faults/test_spool_outages.py

program_tests += $(cable_tests)

EXTRA_DIST += $(cable_tests) \
	tests/faults/cable.py \
	tests/faults/e2e_modules.py \
	tests/faults/fault_case.py \
	tests/faults/load.py \
	tests/faults/names.py

# Preloaded by tests; -rpath makes it a shared library, which is not installed.
test_libraries += tests/faults/libclock.la
tests_faults_libclock_la_SOURCES = tests/faults/clock.c
tests_faults_libclock_la_LDFLAGS = -module -avoid-version -shared -rpath /nowhere
