# SPDX-License-Identifier: Apache-2.0
# The files that gen/tbgen writes from the specifications, and the libraries built from them. A tarball contains these
# files, so it builds without Python. A running server's document, the last one, does not name its edition; it has the
# device API, which the others lack and the routing table needs.
specifications = \
	gen/spec/ce-4.3.1.2.json \
	gen/spec/ce-4.4.0.json \
	gen/spec/pe-4.3.1.2.json \
	gen/spec/pe-4.4.0.json \
	gen/spec/paas-4.3.1.2.json \
	gen/spec/paas-4.4.0.json \
	gen/spec/server-ce-4.3.1.3.json
generator = \
	gen/tbgen \
	gen/annotations.json \
	gen/classification.json \
	gen/descriptions.json \
	gen/generator/__init__.py \
	gen/generator/browser.py \
	gen/generator/classes.py \
	gen/generator/ctypes.py \
	gen/generator/descriptions.py \
	gen/generator/document.py \
	gen/generator/facts.py \
	gen/generator/functions.py \
	gen/generator/headers.py \
	gen/generator/manual.py \
	gen/generator/model.py \
	gen/generator/names.py \
	gen/generator/reference.py \
	gen/generator/refused.py \
	gen/generator/routes.py \
	gen/generator/schemas.py \
	gen/generator/tables.py
EXTRA_DIST += $(specifications) $(generator)

# The stamp is made before the files, because it must not be newer than they are in a tarball, which keeps only whole
# seconds.
gen/out/stamp: $(specifications) $(generator) $(tbclientinclude_HEADERS)
	$(AM_V_GEN)$(MKDIR_P) gen/out && touch $@.new && \
	$(PYTHON) $(srcdir)/gen/tbgen --routes --edition ce --output gen/out $(specifications:%=$(srcdir)/%) && mv $@.new $@
BUILT_SOURCES += gen/out/stamp

generated_sources = \
	gen/out/operations.json \
	gen/out/descriptions.c \
	gen/out/routes.c \
	gen/out/4.4.0/src/ce_functions.c \
	gen/out/4.4.0/src/ce_tables.c \
	gen/out/4.4.0/src/pe_functions.c \
	gen/out/4.4.0/src/pe_tables.c \
	gen/out/4.4.0/src/paas_functions.c \
	gen/out/4.4.0/src/paas_tables.c \
	gen/out/4.3.1.2/src/ce_functions.c \
	gen/out/4.3.1.2/src/ce_tables.c \
	gen/out/4.3.1.2/src/pe_functions.c \
	gen/out/4.3.1.2/src/pe_tables.c \
	gen/out/4.3.1.2/src/paas_functions.c \
	gen/out/4.3.1.2/src/paas_tables.c \
	gen/out/4.3.1.3/src/ce_functions.c \
	gen/out/4.3.1.3/src/ce_tables.c
$(generated_sources): gen/out/stamp
	@:

dist-hook:
	$(MKDIR_P) $(distdir)/gen
	if test -f gen/out/stamp; then cp -Rp gen/out $(distdir)/gen; else cp -Rp $(srcdir)/gen/out $(distdir)/gen; fi
maintainer-clean-local:
	rm -rf gen/out

# Generated here, or contained in the tarball.
generated_include = gen/out/$(API_VERSION)/include
generated_cppflags = -I$(generated_include) -I$(srcdir)/$(generated_include)

# What tbproxyctl says about operations and parameters.
nodist_src_ctl_libctl_la_SOURCES = gen/out/descriptions.c

# The tables of all documents, for programs that look up operations by name.
noinst_LTLIBRARIES += gen/libtables_4_4_0.la gen/libtables_4_3_1_2.la gen/libtables.la
nodist_gen_libtables_4_4_0_la_SOURCES = \
	gen/out/4.4.0/src/ce_tables.c gen/out/4.4.0/src/pe_tables.c gen/out/4.4.0/src/paas_tables.c
gen_libtables_4_4_0_la_CPPFLAGS = $(AM_CPPFLAGS) -Igen/out/4.4.0/include -I$(srcdir)/gen/out/4.4.0/include
nodist_gen_libtables_4_3_1_2_la_SOURCES = \
	gen/out/4.3.1.2/src/ce_tables.c gen/out/4.3.1.2/src/pe_tables.c gen/out/4.3.1.2/src/paas_tables.c
gen_libtables_4_3_1_2_la_CPPFLAGS = $(AM_CPPFLAGS) -Igen/out/4.3.1.2/include -I$(srcdir)/gen/out/4.3.1.2/include
gen_libtables_la_SOURCES =
gen_libtables_la_LIBADD = gen/libtables_4_4_0.la gen/libtables_4_3_1_2.la

# The library of the running server's document, for tests.
test_libraries += gen/libserver.la
nodist_gen_libserver_la_SOURCES = gen/out/4.3.1.3/src/ce_functions.c gen/out/4.3.1.3/src/ce_tables.c
gen_libserver_la_CPPFLAGS = $(AM_CPPFLAGS) -Igen/out/4.3.1.3/include -I$(srcdir)/gen/out/4.3.1.3/include

# One library for each edition. The version of the API is part of its name, because structures differ between versions.
lib_LTLIBRARIES += gen/libtbclient-ce.la gen/libtbclient-pe.la gen/libtbclient-paas.la
if API_4_4_0
nodist_gen_libtbclient_ce_la_SOURCES = gen/out/4.4.0/src/ce_functions.c gen/out/4.4.0/src/ce_tables.c
nodist_gen_libtbclient_pe_la_SOURCES = gen/out/4.4.0/src/pe_functions.c gen/out/4.4.0/src/pe_tables.c
nodist_gen_libtbclient_paas_la_SOURCES = gen/out/4.4.0/src/paas_functions.c gen/out/4.4.0/src/paas_tables.c
else
nodist_gen_libtbclient_ce_la_SOURCES = gen/out/4.3.1.2/src/ce_functions.c gen/out/4.3.1.2/src/ce_tables.c
nodist_gen_libtbclient_pe_la_SOURCES = gen/out/4.3.1.2/src/pe_functions.c gen/out/4.3.1.2/src/pe_tables.c
nodist_gen_libtbclient_paas_la_SOURCES = gen/out/4.3.1.2/src/paas_functions.c gen/out/4.3.1.2/src/paas_tables.c
endif
edition_cppflags = $(AM_CPPFLAGS) $(generated_cppflags)
edition_ldflags = -release $(API_VERSION) -version-info 0:0:0 -no-undefined
gen_libtbclient_ce_la_CPPFLAGS = $(edition_cppflags)
gen_libtbclient_ce_la_LDFLAGS = $(edition_ldflags)
gen_libtbclient_ce_la_LIBADD = src/libtbclient.la
gen_libtbclient_pe_la_CPPFLAGS = $(edition_cppflags)
gen_libtbclient_pe_la_LDFLAGS = $(edition_ldflags)
gen_libtbclient_pe_la_LIBADD = src/libtbclient.la
gen_libtbclient_paas_la_CPPFLAGS = $(edition_cppflags)
gen_libtbclient_paas_la_LDFLAGS = $(edition_ldflags)
gen_libtbclient_paas_la_LIBADD = src/libtbclient.la

# For linking as an external program would.
libtbclient_ce = gen/libtbclient-ce.la src/libtbclient.la
libtbclient_pe = gen/libtbclient-pe.la src/libtbclient.la
libtbclient_paas = gen/libtbclient-paas.la src/libtbclient.la

to_generated = if test -f gen/out/stamp; then cd gen/out; else cd $(srcdir)/gen/out; fi
to_generated_include = if test -d $(generated_include); then cd $(generated_include); else cd $(srcdir)/$(generated_include); fi
install-data-local:
	$(to_generated_include) && \
	for file in tbclient/*.h tbclient/*/*.h; do \
	    $(MKDIR_P) "$(DESTDIR)$(includedir)/$$(dirname $$file)" && \
	    $(INSTALL_DATA) $$file "$(DESTDIR)$(includedir)/$$file" || exit 1; \
	done
	$(to_generated) && $(MKDIR_P) "$(DESTDIR)$(man3dir)" "$(DESTDIR)$(docdir)" && \
	$(INSTALL_DATA) man3/*.3 $(API_VERSION)/man3/*.3 "$(DESTDIR)$(man3dir)" && \
	$(INSTALL_DATA) reference-*-$(API_VERSION).md "$(DESTDIR)$(docdir)"
uninstall-local:
	$(to_generated_include) && \
	for file in tbclient/*.h tbclient/*/*.h; do rm -f "$(DESTDIR)$(includedir)/$$file"; done
	$(to_generated) && \
	for file in man3/*.3 $(API_VERSION)/man3/*.3; do rm -f "$(DESTDIR)$(man3dir)/$${file##*/}"; done && \
	for file in reference-*-$(API_VERSION).md; do rm -f "$(DESTDIR)$(docdir)/$$file"; done

pkgconfigdir = $(libdir)/pkgconfig
pkgconfig_DATA = gen/tbclient.pc gen/tbclient-ce.pc gen/tbclient-pe.pc gen/tbclient-paas.pc
EXTRA_DIST += gen/tbclient.pc.in gen/tbclient-edition.pc.in
CLEANFILES += $(pkgconfig_DATA)
pc_substitutions = -e 's,[@]libdir[@],$(libdir),g' -e 's,[@]includedir[@],$(includedir),g' \
	-e 's,[@]VERSION[@],$(VERSION),g' -e 's,[@]API_VERSION[@],$(API_VERSION),g'
gen/tbclient.pc: gen/tbclient.pc.in Makefile
	$(AM_V_GEN)$(MKDIR_P) gen && sed $(pc_substitutions) $(srcdir)/gen/tbclient.pc.in > $@.tmp && mv $@.tmp $@
gen/tbclient-ce.pc gen/tbclient-pe.pc gen/tbclient-paas.pc: gen/tbclient-edition.pc.in Makefile
	$(AM_V_GEN)edition=$(@:gen/tbclient-%.pc=%) && $(MKDIR_P) gen && \
	sed $(pc_substitutions) -e "s,[@]edition[@],$$edition,g" $(srcdir)/gen/tbclient-edition.pc.in > $@.tmp && mv $@.tmp $@

cmakedir = $(libdir)/cmake/tbclient
cmake_DATA = gen/tbclientConfig.cmake gen/tbclientConfigVersion.cmake
EXTRA_DIST += gen/tbclientConfig.cmake.in gen/tbclientConfigVersion.cmake.in
CLEANFILES += $(cmake_DATA)
$(cmake_DATA): gen/tbclientConfig.cmake.in gen/tbclientConfigVersion.cmake.in Makefile
	$(AM_V_GEN)$(MKDIR_P) gen && include=$$(realpath -ms --relative-to=$(cmakedir) $(includedir)) && \
	sed $(pc_substitutions) -e "s,[@]to_include[@],$$include,g" $(srcdir)/$@.in > $@.tmp && mv $@.tmp $@
