# SPDX-License-Identifier: Apache-2.0
src_libproxy_la_SOURCES += \
	src/proxy/websocket/frame_filter.c src/proxy/websocket/frame_filter.h \
	src/proxy/websocket/tunnel.c src/proxy/websocket/tunnel.h \
	src/proxy/websocket/tunnel_handshake.c \
	src/proxy/websocket/tunnel_pump.c
