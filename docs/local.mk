# SPDX-License-Identifier: Apache-2.0
# The pages are installed in the same layout, so that links between them work.
dist_doc_DATA = README.md CHANGELOG.md CONTRIBUTING.md SECURITY.md
docsdir = $(docdir)/docs
dist_docs_DATA = \
	docs/admin.md \
	docs/architecture.md \
	docs/c-library.md \
	docs/containers.md \
	docs/developing.md \
	docs/differences.md \
	docs/errors.md \
	docs/install.md \
	docs/key-rotation.md \
	docs/metrics.md \
	docs/performance.md \
	docs/policy.md \
	docs/promises.md \
	docs/rate-limits.md \
	docs/server-behaviour.md \
	docs/servers.md \
	docs/service.md \
	docs/shell.md \
	docs/spool.md \
	docs/threat-model.md \
	docs/troubleshooting.md \
	docs/updates.md \
	docs/upgrade.md \
	docs/web-pages.md \
	docs/websockets.md
architecturedir = $(docdir)/docs/architecture
dist_architecture_DATA = \
	docs/architecture/client-library.md \
	docs/architecture/configuration.md \
	docs/architecture/connections.md \
	docs/architecture/daemon.md \
	docs/architecture/exchange.md \
	docs/architecture/failover.md \
	docs/architecture/forwarding.md \
	docs/architecture/generator.md \
	docs/architecture/headers.md \
	docs/architecture/limits.md \
	docs/architecture/listeners.md \
	docs/architecture/logs.md \
	docs/architecture/merging.md \
	docs/architecture/policy.md \
	docs/architecture/rate-limits.md \
	docs/architecture/retries.md \
	docs/architecture/routing.md \
	docs/architecture/server-clock.md \
	docs/architecture/server-version.md \
	docs/architecture/session.md \
	docs/architecture/spool.md \
	docs/architecture/streaming.md \
	docs/architecture/subscriptions.md \
	docs/architecture/tbproxyctl.md \
	docs/architecture/testing.md \
	docs/architecture/websockets.md
dist_man_MANS = docs/libtbclient.3 docs/tbproxyctl.1 docs/tbproxyd.8
nodist_man_MANS = docs/tbproxyd.conf.5
page_sources = docs/conf5.awk docs/conf5-intro.man docs/conf5-outro.man
docs/tbproxyd.conf.5: $(page_sources) etc/tbproxyd.conf
	$(AM_V_GEN)$(MKDIR_P) docs && LC_ALL=C $(AWK) -v intro=$(srcdir)/docs/conf5-intro.man \
	    -v outro=$(srcdir)/docs/conf5-outro.man -f $(srcdir)/docs/conf5.awk $(srcdir)/etc/tbproxyd.conf > $@.tmp && mv $@.tmp $@
CLEANFILES += docs/tbproxyd.conf.5
EXTRA_DIST += $(page_sources)
