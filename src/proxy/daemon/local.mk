# SPDX-License-Identifier: Apache-2.0
src_libproxy_la_SOURCES += \
	src/proxy/daemon/actions.c src/proxy/daemon/actions.h \
	src/proxy/daemon/daemon.c src/proxy/daemon/daemon.h \
	src/proxy/daemon/drain.c \
	src/proxy/daemon/journal.c src/proxy/daemon/journal.h \
	src/proxy/daemon/log_format.c src/proxy/daemon/log_format.h \
	src/proxy/daemon/misconfigured.c src/proxy/daemon/misconfigured.h \
	src/proxy/daemon/notify.c \
	src/proxy/daemon/reload.c \
	src/proxy/daemon/trouble.c src/proxy/daemon/trouble.h
