# SPDX-License-Identifier: Apache-2.0
src_libproxy_la_SOURCES += \
	src/proxy/subscribe/sse.c src/proxy/subscribe/sse.h \
	src/proxy/subscribe/subscriber.c src/proxy/subscribe/subscriber.h \
	src/proxy/subscribe/subscription.c src/proxy/subscribe/subscription.h \
	src/proxy/subscribe/subscription_command.c src/proxy/subscribe/subscription_command.h \
	src/proxy/subscribe/subscription_history.c src/proxy/subscribe/subscription_history.h \
	src/proxy/subscribe/subscription_request.c src/proxy/subscribe/subscription_request.h \
	src/proxy/subscribe/subscription_socket.c src/proxy/subscribe/subscription_socket.h \
	src/proxy/subscribe/subscriptions.c src/proxy/subscribe/subscriptions.h \
	src/proxy/subscribe/update.c src/proxy/subscribe/update.h
