# SPDX-License-Identifier: Apache-2.0
src_libproxy_la_SOURCES += \
	src/proxy/store/spool_damaged.c src/proxy/store/spool_damaged.h \
	src/proxy/store/spool_file.c src/proxy/store/spool_file.h \
	src/proxy/store/spool_file_change.c \
	src/proxy/store/spool_file_entities.c \
	src/proxy/store/spool_file_moved.c \
	src/proxy/store/spool_file_open.c src/proxy/store/spool_file_private.h \
	src/proxy/store/spool_file_read.c \
	src/proxy/store/spool_file_room.c \
	src/proxy/store/spool_file_totals.c \
	src/proxy/store/spool_fresh.c src/proxy/store/spool_fresh.h \
	src/proxy/store/spool_lock.c src/proxy/store/spool_lock.h \
	src/proxy/store/spool_names.c \
	src/proxy/store/spool_oldest.c \
	src/proxy/store/spool_reserve.c src/proxy/store/spool_reserve.h \
	src/proxy/store/spool_row.c src/proxy/store/spool_row.h \
	src/proxy/store/spool_schema.c src/proxy/store/spool_schema.h \
	src/proxy/store/spool_sql.c src/proxy/store/spool_sql.h \
	src/proxy/store/spool_statement.c \
	src/proxy/store/spool_writer.c src/proxy/store/spool_writer.h
