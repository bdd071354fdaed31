noinst_PROGRAMS += tests/sim/tbsim
tests_sim_tbsim_SOURCES = \
	tests/sim/alarm.c \
	tests/sim/alarm.h \
	tests/sim/alarm_list.c \
	tests/sim/apikey.c \
	tests/sim/apikey.h \
	tests/sim/asset.c \
	tests/sim/attributes.c \
	tests/sim/auth.c \
	tests/sim/auth.h \
	tests/sim/clock.c \
	tests/sim/clock.h \
	tests/sim/control.c \
	tests/sim/control.h \
	tests/sim/credentials.c \
	tests/sim/customer.c \
	tests/sim/device.c \
	tests/sim/dispatch.c \
	tests/sim/dispatch.h \
	tests/sim/entity.c \
	tests/sim/entity.h \
	tests/sim/fault.c \
	tests/sim/fault.h \
	tests/common/instance.c \
	tests/common/instance.h \
	tests/sim/dashboard.c \
	tests/sim/generated.c \
	tests/sim/generated.h \
	tests/sim/group.c \
	tests/sim/judge.c \
	tests/sim/judge.h \
	tests/sim/multipart.c \
	tests/sim/operation.c \
	tests/sim/operation.h \
	tests/sim/role.c \
	tests/sim/schema.c \
	tests/sim/schema.h \
	tests/sim/violations.c \
	tests/sim/violations.h \
	tests/sim/gate.c \
	tests/sim/gate.h \
	tests/sim/history.c \
	tests/sim/json.c \
	tests/sim/json.h \
	tests/sim/jwt.c \
	tests/sim/jwt.h \
	tests/sim/limit.c \
	tests/sim/limit.h \
	tests/sim/login.c \
	tests/sim/map.c \
	tests/sim/map.h \
	tests/sim/page.c \
	tests/sim/page.h \
	tests/sim/predicate.c \
	tests/sim/query.c \
	tests/sim/query.h \
	tests/sim/record.c \
	tests/sim/record.h \
	tests/sim/relation.c \
	tests/sim/relation.h \
	tests/sim/relation_query.c \
	tests/sim/relations.c \
	tests/sim/reply.c \
	tests/sim/reply.h \
	tests/sim/request.c \
	tests/sim/request.h \
	tests/sim/respond.c \
	tests/sim/respond.h \
	tests/sim/route.c \
	tests/sim/route.h \
	tests/sim/routes.c \
	tests/sim/routes.h \
	tests/sim/rpc.c \
	tests/sim/save.c \
	tests/sim/seed.c \
	tests/sim/select.c \
	tests/sim/series.c \
	tests/sim/series.h \
	tests/sim/server.c \
	tests/sim/server.h \
	tests/sim/sim.c \
	tests/sim/sim.h \
	tests/sim/store.c \
	tests/sim/store.h \
	tests/sim/tbsim.c \
	tests/sim/telemetry.c \
	tests/sim/telemetry.h \
	tests/sim/user.c \
	tests/sim/util.c \
	tests/sim/util.h
tests_sim_tbsim_CFLAGS = $(AM_CFLAGS) $(MICROHTTPD_CFLAGS) $(JANSSON_CFLAGS) $(NETTLE_CFLAGS)
tests_sim_tbsim_LDADD = $(MICROHTTPD_LIBS) $(JANSSON_LIBS) $(NETTLE_LIBS) -lpthread -lm
nodist_tests_sim_tbsim_SOURCES = tests/sim/tables.c
tests_sim_tbsim_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)

# The tables, until gen/tbgen builds them as a library.
tests/sim/tables.c: $(srcdir)/tests/sim/tables.py $(api_documents)
	$(AM_V_GEN)$(MKDIR_P) tests/sim && \
	$(PYTHON) $(srcdir)/tests/sim/tables.py $@.tmp $(api_documents) && mv $@.tmp $@
api_documents = \
	$(srcdir)/gen/spec/ce-4.3.1.2.json $(srcdir)/gen/spec/ce-4.4.0.json \
	$(srcdir)/gen/spec/paas-4.3.1.2.json $(srcdir)/gen/spec/paas-4.4.0.json \
	$(srcdir)/gen/spec/pe-4.3.1.2.json $(srcdir)/gen/spec/pe-4.4.0.json
CLEANFILES += tests/sim/tables.c
EXTRA_DIST += tests/sim/tables.py $(api_documents)
