# SPDX-License-Identifier: Apache-2.0
api_symbol = $(subst .,_,$(API_VERSION))
bin_PROGRAMS += src/ctl/tbproxyctl
# All files except main.c, so that the unit tests can link it.
ctl_cppflags = $(AM_CPPFLAGS) $(generated_cppflags) -DTB_API_CE=tb_ce_$(api_symbol) \
	-DTB_API_PE=tb_pe_$(api_symbol) -DTB_API_PAAS=tb_paas_$(api_symbol)
noinst_LTLIBRARIES += src/ctl/libctl.la
src_ctl_libctl_la_SOURCES = \
	src/ctl/arguments.c src/ctl/arguments.h \
	src/ctl/body_set.c src/ctl/body_set.h \
	src/ctl/call.c \
	src/ctl/call_body.c src/ctl/call_body.h \
	src/ctl/call_example.c src/ctl/call_example.h \
	src/ctl/check_config.c \
	src/ctl/clients.c \
	src/ctl/complete.c \
	src/ctl/complete_daemon.c src/ctl/complete_daemon.h \
	src/ctl/complete_value.c src/ctl/complete_value.h \
	src/ctl/complete_word.c src/ctl/complete_word.h \
	src/ctl/connection.c src/ctl/connection.h \
	src/ctl/daemon_action.c src/ctl/daemon_action.h \
	src/ctl/daemon_page.c src/ctl/daemon_page.h \
	src/ctl/daemon_request.c src/ctl/daemon_request.h \
	src/ctl/daemon_status.c src/ctl/daemon_status.h \
	src/ctl/daemon_stream.c src/ctl/daemon_stream.h \
	src/ctl/describe.c \
	src/ctl/descriptions.c src/ctl/descriptions.h \
	src/ctl/dotted_path.c src/ctl/dotted_path.h \
	src/ctl/editions.c src/ctl/editions.h \
	src/ctl/entity_name.c src/ctl/entity_name.h \
	src/ctl/field.c src/ctl/field.h \
	src/ctl/help.c \
	src/ctl/jq_filter.c src/ctl/jq_filter.h \
	src/ctl/json_print.c src/ctl/json_print.h \
	src/ctl/limits.c \
	src/ctl/log_level.c \
	src/ctl/message.c src/ctl/message.h \
	src/ctl/operations.c \
	src/ctl/output.c src/ctl/output.h \
	src/ctl/page.c src/ctl/page.h \
	src/ctl/parameter.c src/ctl/parameter.h \
	src/ctl/policy.c \
	src/ctl/policy_json.c src/ctl/policy_json.h \
	src/ctl/progress.c src/ctl/progress.h \
	src/ctl/queue.c \
	src/ctl/raw.c \
	src/ctl/reload.c \
	src/ctl/schema_print.c src/ctl/schema_print.h \
	src/ctl/screen.c src/ctl/screen.h \
	src/ctl/select.c src/ctl/select.h \
	src/ctl/send.c src/ctl/send.h \
	src/ctl/server_document.c src/ctl/server_document.h \
	src/ctl/server_text.c src/ctl/server_text.h \
	src/ctl/session.c \
	src/ctl/show.c src/ctl/show.h \
	src/ctl/spelling.c src/ctl/spelling.h \
	src/ctl/spool.c \
	src/ctl/spool_print.c src/ctl/spool_print.h \
	src/ctl/status.c \
	src/ctl/subcommand.h \
	src/ctl/text.c src/ctl/text.h \
	src/ctl/top.c \
	src/ctl/trace.c \
	src/ctl/types.c src/ctl/types.h \
	src/ctl/wait.c
src_ctl_libctl_la_CPPFLAGS = $(ctl_cppflags)
ctl_libs = src/ctl/libctl.la gen/libtables.la $(project_libs) $(JQ_LIBS) -lm
src_ctl_tbproxyctl_SOURCES = src/ctl/main.c
src_ctl_tbproxyctl_LDADD = $(ctl_libs)

# Shells look for completions by the name of the command; zsh reads the names in the file.
bashcompletiondir = $(datadir)/bash-completion/completions
fishcompletiondir = $(datadir)/fish/vendor_completions.d
zshcompletiondir = $(datadir)/zsh/vendor-completions
dist_noinst_DATA = src/ctl/tbproxyctl.bash src/ctl/tbproxyctl.fish src/ctl/tbproxyctl.zsh
install-data-hook:
	$(MKDIR_P) "$(DESTDIR)$(bashcompletiondir)" "$(DESTDIR)$(fishcompletiondir)" "$(DESTDIR)$(zshcompletiondir)"
	$(INSTALL_DATA) $(srcdir)/src/ctl/tbproxyctl.bash "$(DESTDIR)$(bashcompletiondir)/tbproxyctl"
	cd "$(DESTDIR)$(bashcompletiondir)" && $(LN_S) -f tbproxyctl tbproxyd
	$(INSTALL_DATA) $(srcdir)/src/ctl/tbproxyctl.fish "$(DESTDIR)$(fishcompletiondir)/tbproxyctl.fish"
	cd "$(DESTDIR)$(fishcompletiondir)" && $(LN_S) -f tbproxyctl.fish tbproxyd.fish
	$(INSTALL_DATA) $(srcdir)/src/ctl/tbproxyctl.zsh "$(DESTDIR)$(zshcompletiondir)/_tbproxyctl"
uninstall-hook:
	rm -f "$(DESTDIR)$(bashcompletiondir)/tbproxyctl" "$(DESTDIR)$(bashcompletiondir)/tbproxyd"
	rm -f "$(DESTDIR)$(fishcompletiondir)/tbproxyctl.fish" "$(DESTDIR)$(fishcompletiondir)/tbproxyd.fish"
	rm -f "$(DESTDIR)$(zshcompletiondir)/_tbproxyctl"
