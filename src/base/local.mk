# SPDX-License-Identifier: Apache-2.0
# The base of all other rooms. Knows nothing of HTTP.
src_libbase_la_SOURCES = \
	src/base/bucket.h \
	src/base/buf.c src/base/buf.h \
	src/base/error.c src/base/error.h \
	src/base/fifo.c src/base/fifo.h \
	src/base/hash.h \
	src/base/list.h \
	src/base/log.c src/base/log.h \
	src/base/loop.c src/base/loop.h \
	src/base/quota.h \
	src/base/record.c src/base/record.h \
	src/base/secret.c src/base/secret.h \
	src/base/thread.c src/base/thread.h \
	src/base/timer.c src/base/timer.h \
	src/base/utf8.c src/base/utf8.h \
	src/base/util.h
