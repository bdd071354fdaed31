# SPDX-License-Identifier: Apache-2.0
# Every operation of every document, and every typed function of the configured version.
test_programs += tests/conformance/operations $(typed_programs)
typed_programs = tests/conformance/typed_ce tests/conformance/typed_pe tests/conformance/typed_paas \
	tests/conformance/typed_server
conformance_tests += tests/conformance/test_operations.py $(typed_programs)
EXTRA_DIST += tests/conformance/compare.py tests/conformance/plan.py tests/conformance/relay.py tests/conformance/test_operations.py tests/conformance/typed.py

tests_conformance_operations_SOURCES = \
	tests/common/instance.c tests/common/instance.h \
	tests/conformance/answer.c tests/conformance/answer.h \
	tests/conformance/argument.c tests/conformance/argument.h \
	tests/conformance/operations.c
tests_conformance_operations_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)
tests_conformance_operations_LDADD = gen/libtables.la src/libtbclient.la $(JANSSON_LIBS) -lpthread -lm

# These programs have a tb_invoke() of their own, which replaces the library's.
nodist_tests_conformance_typed_ce_SOURCES = tests/conformance/typed_ce.c
nodist_tests_conformance_typed_pe_SOURCES = tests/conformance/typed_pe.c
nodist_tests_conformance_typed_paas_SOURCES = tests/conformance/typed_paas.c
typed_cppflags = $(examples_cppflags) -I$(srcdir)/tests/conformance
tests_conformance_typed_ce_CPPFLAGS = $(typed_cppflags)
tests_conformance_typed_pe_CPPFLAGS = $(typed_cppflags)
tests_conformance_typed_paas_CPPFLAGS = $(typed_cppflags)
tests_conformance_typed_ce_LDADD = $(libtbclient_ce) $(JANSSON_LIBS)
tests_conformance_typed_pe_LDADD = $(libtbclient_pe) $(JANSSON_LIBS)
tests_conformance_typed_paas_LDADD = $(libtbclient_paas) $(JANSSON_LIBS)
EXTRA_DIST += tests/conformance/typed.h
CLEANFILES += tests/conformance/typed_ce.c tests/conformance/typed_pe.c tests/conformance/typed_paas.c

# The functions of the running server's document.
nodist_tests_conformance_typed_server_SOURCES = tests/conformance/typed_server.c
tests_conformance_typed_server_CPPFLAGS = $(AM_CPPFLAGS) -Igen/out/4.3.1.3/include -I$(srcdir)/gen/out/4.3.1.3/include \
	-I$(srcdir)/tests/conformance
tests_conformance_typed_server_LDADD = gen/libserver.la src/libtbclient.la $(JANSSON_LIBS)
CLEANFILES += tests/conformance/typed_server.c

tests/conformance/typed_%.c: $(srcdir)/tests/conformance/typed.py gen/out/stamp
	$(AM_V_GEN)$(MKDIR_P) tests/conformance && $(PYTHON) $(srcdir)/tests/conformance/typed.py \
	    $(srcdir)/gen/spec/$*-$(API_VERSION).json \
	    `test -d $(generated_include) || echo $(srcdir)/`$(generated_include) $* > $@.tmp && mv $@.tmp $@

tests/conformance/typed_server.c: $(srcdir)/tests/conformance/typed.py gen/out/stamp
	$(AM_V_GEN)$(MKDIR_P) tests/conformance && include=gen/out/4.3.1.3/include && \
	$(PYTHON) $(srcdir)/tests/conformance/typed.py $(srcdir)/gen/spec/server-ce-4.3.1.3.json \
	    `test -d $$include || echo $(srcdir)/`$$include ce > $@.tmp && mv $@.tmp $@

# The codec against the tables of all documents.
test_programs += tests/conformance/test_schemas
conformance_tests += tests/conformance/test_schemas
tests_conformance_test_schemas_SOURCES = tests/conformance/test_schemas.c \
	tests/common/instance.c tests/common/instance.h
tests_conformance_test_schemas_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests/common
tests_conformance_test_schemas_LDADD = gen/libtables.la gen/libserver.la $(project_libs)
