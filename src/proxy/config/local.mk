# SPDX-License-Identifier: Apache-2.0
src_libproxy_la_SOURCES += \
	src/proxy/config/check.c src/proxy/config/check.h \
	src/proxy/config/check_files.c src/proxy/config/check_files.h \
	src/proxy/config/config.h \
	src/proxy/config/file_text.c src/proxy/config/file_text.h \
	src/proxy/config/help.c src/proxy/config/help.h \
	src/proxy/config/load.c src/proxy/config/load.h \
	src/proxy/config/mistakes.c src/proxy/config/mistakes.h \
	src/proxy/config/option_table.c src/proxy/config/option_table.h \
	src/proxy/config/option_value.c src/proxy/config/option_value.h \
	src/proxy/config/remedy.c src/proxy/config/remedy.h \
	src/proxy/config/read_apart.c src/proxy/config/read_apart.h \
	src/proxy/config/scanner.c src/proxy/config/scanner.h \
	src/proxy/config/syntax_error.c src/proxy/config/syntax_error.h \
	src/proxy/config/values.c src/proxy/config/values.h
