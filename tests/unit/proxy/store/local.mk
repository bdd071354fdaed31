# SPDX-License-Identifier: Apache-2.0
tests_unit_test_spool_SOURCES += \
	tests/unit/proxy/store/memory_vfs.c tests/unit/proxy/store/memory_vfs.h \
	tests/unit/proxy/store/spool_damaged.c \
	tests/unit/proxy/store/spool_file.c \
	tests/unit/proxy/store/spool_fresh.c \
	tests/unit/proxy/store/spool_names.c \
	tests/unit/proxy/store/spool_full.c \
	tests/unit/proxy/store/spool_kill.c \
	tests/unit/proxy/store/spool_power.c \
	tests/unit/proxy/store/spool_rights.c \
	tests/common/spool_world.c tests/common/spool_world.h \
	tests/unit/proxy/store/spool_writer.c
