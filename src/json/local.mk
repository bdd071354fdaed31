# SPDX-License-Identifier: Apache-2.0
# JSON text, read and written without loss.
src_libjson_la_SOURCES = \
	src/json/decimal.c src/json/decimal.h \
	src/json/json_check.c src/json/json_check.h \
	src/json/json_path.c src/json/json_path.h \
	src/json/json_read.c src/json/json_read.h \
	src/json/json_source.c src/json/json_source.h \
	src/json/json_text.c src/json/json_text.h \
	src/json/json_write.c src/json/json_write.h \
	src/json/number.c src/json/number.h \
	src/json/number_text.c src/json/number_text.h
