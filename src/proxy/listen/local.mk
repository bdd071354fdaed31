# SPDX-License-Identifier: Apache-2.0
src_libproxy_la_SOURCES += \
	src/proxy/listen/accept.c src/proxy/listen/accept.h \
	src/proxy/listen/permission_lookup.c src/proxy/listen/permission_lookup.h \
	src/proxy/listen/body_type.c src/proxy/listen/body_type.h \
	src/proxy/listen/browser_guard.c src/proxy/listen/browser_guard.h \
	src/proxy/listen/connection_wait.c src/proxy/listen/connection_wait.h \
	src/proxy/listen/descriptors.c src/proxy/listen/descriptors.h \
	src/proxy/listen/dispatch.c src/proxy/listen/dispatch.h \
	src/proxy/listen/listener.c src/proxy/listen/listener.h \
	src/proxy/listen/listeners.c \
	src/proxy/listen/listening_socket.c src/proxy/listen/listening_socket.h \
	src/proxy/listen/permission.c src/proxy/listen/permission.h \
	src/proxy/listen/passed_sockets.c src/proxy/listen/passed_sockets.h \
	src/proxy/listen/policy_user.c src/proxy/listen/policy_user.h \
	src/proxy/listen/receive.c src/proxy/listen/receive.h \
	src/proxy/listen/request_header.c src/proxy/listen/request_header.h
