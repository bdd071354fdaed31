# SPDX-License-Identifier: Apache-2.0
api_symbol = $(subst .,_,$(API_VERSION))
bin_PROGRAMS += src/ctl/tbproxyctl
src_ctl_tbproxyctl_SOURCES = \
	src/ctl/arguments.c src/ctl/arguments.h \
	src/ctl/call.c \
	src/ctl/catalog.c src/ctl/catalog.h \
	src/ctl/complete.c \
	src/ctl/ctl.h \
	src/ctl/editions.c \
	src/ctl/help.c \
	src/ctl/json_print.c src/ctl/json_print.h \
	src/ctl/main.c \
	src/ctl/names.c src/ctl/names.h \
	src/ctl/operations.c \
	src/ctl/output.c src/ctl/output.h \
	src/ctl/speak.c \
	src/ctl/value.c src/ctl/value.h \
	src/ctl/where.c src/ctl/where.h
src_ctl_tbproxyctl_CPPFLAGS = $(AM_CPPFLAGS) $(generated_cppflags) -DTB_API_CE=tb_ce_$(api_symbol) \
	-DTB_API_PE=tb_pe_$(api_symbol) -DTB_API_PAAS=tb_paas_$(api_symbol)
src_ctl_tbproxyctl_LDADD = gen/libtables.la $(project_libs) -lm

bashcompletiondir = $(datadir)/bash-completion/completions
dist_noinst_DATA = src/ctl/tbproxyctl.bash
install-data-hook:
	$(MKDIR_P) "$(DESTDIR)$(bashcompletiondir)"
	$(INSTALL_DATA) $(srcdir)/src/ctl/tbproxyctl.bash "$(DESTDIR)$(bashcompletiondir)/tbproxyctl"
uninstall-hook:
	rm -f "$(DESTDIR)$(bashcompletiondir)/tbproxyctl"
