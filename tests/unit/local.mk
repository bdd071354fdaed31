# SPDX-License-Identifier: Apache-2.0
# A program for each layer. A test file holds the suite of one module, in the folder of its room.
unit_tests = tests/unit/test_base tests/unit/test_transport tests/unit/test_pool tests/unit/test_http1 tests/unit/test_http2 \
	tests/unit/test_upstream tests/unit/test_client tests/unit/test_ctl tests/unit/test_forward tests/unit/test_proxy \
	tests/unit/test_spool
test_programs += $(unit_tests)
source_tests += tests/unit/include_graph.py tests/unit/headers.py
program_tests += $(unit_tests)
EXTRA_DIST += tests/unit/include_graph.py tests/unit/headers.py

unit_common = tests/unit/unit.c tests/unit/unit.h
unit_cppflags = $(AM_CPPFLAGS) -DSOURCE_FOLDER='"$(abs_top_srcdir)"' -I$(srcdir)/tests/unit -I$(srcdir)/tests/common
unit_cflags = $(AM_CFLAGS) $(CHECK_CFLAGS)
unit_libs = $(project_libs) $(CHECK_LIBS)

tests_unit_test_base_SOURCES = $(unit_common) \
	tests/common/response_transcript.c tests/common/response_transcript.h
tests_unit_test_base_CPPFLAGS = $(unit_cppflags)
tests_unit_test_base_CFLAGS = $(unit_cflags)
tests_unit_test_base_LDADD = $(unit_libs)

# From src/libupstream.la, which still has functions of the same names, only what unit.c needs (a JWT).
tests_unit_test_transport_SOURCES = $(unit_common)
tests_unit_test_transport_CPPFLAGS = $(unit_cppflags)
tests_unit_test_transport_CFLAGS = $(unit_cflags)
tests_unit_test_transport_LDADD = $(unit_libs) -lpthread

# Has a fake of the connections and of their protocols.
tests_unit_test_pool_SOURCES = $(unit_common) \
	tests/common/fake_connections.c tests/common/fake_connections.h
tests_unit_test_pool_CPPFLAGS = $(unit_cppflags)
tests_unit_test_pool_CFLAGS = $(unit_cflags)
tests_unit_test_pool_LDADD = $(unit_libs)

# Has a fake of the pool and of the connection.
tests_unit_test_http1_SOURCES = $(unit_common) \
	tests/common/fake_pool.c tests/common/fake_pool.h
tests_unit_test_http1_CPPFLAGS = $(unit_cppflags)
tests_unit_test_http1_CFLAGS = $(unit_cflags)
tests_unit_test_http1_LDADD = $(unit_libs)

tests_unit_test_upstream_SOURCES = $(unit_common)
tests_unit_test_upstream_CPPFLAGS = $(unit_cppflags)
tests_unit_test_upstream_CFLAGS = $(unit_cflags)
tests_unit_test_upstream_LDADD = $(unit_libs) -lpthread

# Has a fake of the pool and of the connection.
tests_unit_test_http2_SOURCES = $(unit_common) \
	tests/common/fake_pool.c tests/common/fake_pool.h
tests_unit_test_http2_CPPFLAGS = $(unit_cppflags)
tests_unit_test_http2_CFLAGS = $(unit_cflags)
tests_unit_test_http2_LDADD = $(unit_libs)

tests_unit_test_client_SOURCES = $(unit_common) \
	tests/common/instance.c tests/common/instance.h \
	tests/common/sample_api.c tests/common/sample_api.h \
	tests/common/small_api.c tests/common/small_api.h
tests_unit_test_client_CPPFLAGS = $(unit_cppflags)
tests_unit_test_client_CFLAGS = $(unit_cflags)
# codec_memory.c makes allocations fail.
tests_unit_test_client_LDFLAGS = -Wl,--wrap=malloc -Wl,--wrap=realloc
tests_unit_test_client_LDADD = $(unit_libs) -lpthread

tests_unit_test_ctl_SOURCES = $(unit_common)
tests_unit_test_ctl_CPPFLAGS = $(unit_cppflags)
tests_unit_test_ctl_CFLAGS = $(unit_cflags)
tests_unit_test_ctl_LDADD = $(ctl_libs) $(CHECK_LIBS)

tests_unit_test_forward_SOURCES = $(unit_common)
tests_unit_test_forward_CPPFLAGS = $(unit_cppflags)
tests_unit_test_forward_CFLAGS = $(unit_cflags)
tests_unit_test_forward_LDFLAGS = -Wl,--wrap=getrandom
tests_unit_test_forward_LDADD = $(unit_libs)

# Has a disk in memory, and kills processes that write.
tests_unit_test_spool_SOURCES = $(unit_common)
tests_unit_test_spool_CPPFLAGS = $(unit_cppflags)
tests_unit_test_spool_CFLAGS = $(unit_cflags)
tests_unit_test_spool_LDADD = $(unit_libs) -lpthread

tests_unit_test_proxy_SOURCES = $(unit_common)
tests_unit_test_proxy_CPPFLAGS = $(unit_cppflags)
tests_unit_test_proxy_CFLAGS = $(unit_cflags)
# check_files.c changes the user, listening_socket.c removes IPv6.
tests_unit_test_proxy_LDFLAGS = -Wl,--wrap=geteuid -Wl,--wrap=socket -Wl,--wrap=bind
tests_unit_test_proxy_LDADD = gen/libtables.la gen/libserver.la $(unit_libs)

include $(srcdir)/tests/unit/base/local.mk
include $(srcdir)/tests/unit/json/local.mk
include $(srcdir)/tests/unit/http/local.mk
include $(srcdir)/tests/unit/transport/local.mk
include $(srcdir)/tests/unit/upstream/local.mk
include $(srcdir)/tests/unit/client/local.mk
include $(srcdir)/tests/unit/ctl/local.mk
include $(srcdir)/tests/unit/proxy/config/local.mk
include $(srcdir)/tests/unit/proxy/metrics/local.mk
include $(srcdir)/tests/unit/proxy/route/local.mk
include $(srcdir)/tests/unit/proxy/policy/local.mk
include $(srcdir)/tests/unit/proxy/forward/local.mk
include $(srcdir)/tests/unit/proxy/store/local.mk
include $(srcdir)/tests/unit/proxy/spool/local.mk
include $(srcdir)/tests/unit/proxy/websocket/local.mk
include $(srcdir)/tests/unit/proxy/subscribe/local.mk
include $(srcdir)/tests/unit/proxy/listen/local.mk
include $(srcdir)/tests/unit/proxy/exchange/local.mk
include $(srcdir)/tests/unit/proxy/daemon/local.mk

# A C++ program that uses the library.
test_programs += tests/unit/from_cpp
program_tests += tests/unit/from_cpp
tests_unit_from_cpp_SOURCES = tests/unit/from_cpp.cc
tests_unit_from_cpp_CPPFLAGS = $(examples_cppflags)
tests_unit_from_cpp_LDADD = $(libtbclient_ce) $(JANSSON_LIBS)
