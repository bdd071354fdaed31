# SPDX-License-Identifier: Apache-2.0
# tbsim, the ThingsBoard stand-in (README.md): a folder for each part, from the ground up.
test_programs += tests/sim/tbsim
tests_sim_tbsim_SOURCES = tests/sim/tbsim.c tests/common/instance.c tests/common/instance.h
tests_sim_tbsim_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests
tests_sim_tbsim_LDADD = src/libbase.la gen/libtables.la $(MICROHTTPD_LIBS) $(JANSSON_LIBS) $(NETTLE_LIBS) \
	$(WSLAY_LIBS) $(ZLIB_LIBS) -lpthread -lm
EXTRA_DIST += tests/sim/README.md

include $(srcdir)/tests/sim/base/local.mk
include $(srcdir)/tests/sim/json/local.mk
include $(srcdir)/tests/sim/store/local.mk
include $(srcdir)/tests/sim/state/local.mk
include $(srcdir)/tests/sim/http/local.mk
include $(srcdir)/tests/sim/spec/local.mk
include $(srcdir)/tests/sim/auth/local.mk
include $(srcdir)/tests/sim/entity/local.mk
include $(srcdir)/tests/sim/subscription/local.mk
include $(srcdir)/tests/sim/controller/local.mk
include $(srcdir)/tests/sim/websocket/local.mk
include $(srcdir)/tests/sim/server/local.mk
