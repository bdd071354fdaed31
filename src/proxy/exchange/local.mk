# SPDX-License-Identifier: Apache-2.0
src_libproxy_la_SOURCES += \
	src/proxy/exchange/early_answer.c src/proxy/exchange/early_answer.h \
	src/proxy/exchange/exchange.c src/proxy/exchange/exchange.h \
	src/proxy/exchange/header_room.c src/proxy/exchange/header_room.h \
	src/proxy/exchange/peer.c src/proxy/exchange/peer.h \
	src/proxy/exchange/reply.c src/proxy/exchange/reply.h \
	src/proxy/exchange/services.c src/proxy/exchange/services.h
