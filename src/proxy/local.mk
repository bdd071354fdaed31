# SPDX-License-Identifier: Apache-2.0
# The daemon without main(), so that the unit tests can link it. Each room adds its files. A room includes only rooms
# that are above it in this list (tests/unit/include_graph.py).
src_libproxy_la_SOURCES =
nodist_src_libproxy_la_SOURCES = gen/out/routes.c # all editions and versions
include $(srcdir)/src/proxy/route/local.mk
include $(srcdir)/src/proxy/policy/local.mk
include $(srcdir)/src/proxy/config/local.mk
include $(srcdir)/src/proxy/metrics/local.mk
include $(srcdir)/src/proxy/exchange/local.mk
include $(srcdir)/src/proxy/forward/local.mk
include $(srcdir)/src/proxy/store/local.mk
include $(srcdir)/src/proxy/spool/local.mk
include $(srcdir)/src/proxy/websocket/local.mk
include $(srcdir)/src/proxy/subscribe/local.mk
include $(srcdir)/src/proxy/local/local.mk
include $(srcdir)/src/proxy/status/local.mk
include $(srcdir)/src/proxy/listen/local.mk
include $(srcdir)/src/proxy/daemon/local.mk

src_proxy_tbproxyd_SOURCES = src/proxy/daemon/main.c
src_proxy_tbproxyd_LDADD = $(project_libs)
