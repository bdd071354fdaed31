# SPDX-License-Identifier: Apache-2.0
# A whole daemon with a spool on virtual time, with the world of tests/fuzz.
test_programs += tests/schedules/test_schedules
program_tests += tests/schedules/test_schedules
tests_schedules_test_schedules_SOURCES = $(unit_common) \
	tests/fuzz/fuzzed_daemon.c tests/fuzz/fuzzed_daemon.h tests/fuzz/virtual_time.c tests/fuzz/virtual_time.h \
	tests/schedules/ledger.c tests/schedules/ledger.h \
	tests/schedules/scheduled_program.c tests/schedules/scheduled_program.h \
	tests/schedules/scheduled_server.c tests/schedules/scheduled_server.h \
	tests/schedules/scheduled_spool.c tests/schedules/scheduled_spool.h \
	tests/schedules/schedules.c
tests_schedules_test_schedules_CPPFLAGS = $(unit_cppflags)
tests_schedules_test_schedules_CFLAGS = $(unit_cflags)
tests_schedules_test_schedules_LDFLAGS = -Wl,--wrap=epoll_wait -Wl,--wrap=clock_wall_ms -Wl,--wrap=log_configure \
	-Wl,--wrap=connector_new -Wl,--wrap=spool_writer_submit -Wl,--wrap=getrandom
tests_schedules_test_schedules_LDADD = gen/libtables.la gen/libserver.la $(unit_libs) -lpthread
