# SPDX-License-Identifier: Apache-2.0
src_libproxy_la_SOURCES += \
	src/proxy/local/local.c src/proxy/local/local.h \
	src/proxy/local/login.c src/proxy/local/login.h \
	src/proxy/local/ready.c src/proxy/local/ready.h
