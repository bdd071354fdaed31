# SPDX-License-Identifier: Apache-2.0
src_libproxy_la_SOURCES += \
	src/proxy/config/config.c src/proxy/config/config.h \
	src/proxy/config/config_check.c src/proxy/config/config_check.h \
	src/proxy/config/config_files.c src/proxy/config/config_files.h \
	src/proxy/config/config_mistake.c src/proxy/config/config_mistake.h \
	src/proxy/config/config_text.c src/proxy/config/config_text.h
