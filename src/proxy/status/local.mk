# SPDX-License-Identifier: Apache-2.0
src_libproxy_la_SOURCES += \
	src/proxy/status/metrics_reply.c src/proxy/status/metrics_reply.h \
	src/proxy/status/status_queue.c src/proxy/status/status_queue.h \
	src/proxy/status/page.c src/proxy/status/page.h src/proxy/status/page_files.h \
	src/proxy/status/status.c src/proxy/status/status.h \
	src/proxy/status/status_events.c src/proxy/status/status_events.h \
	src/proxy/status/trace_stream.c src/proxy/status/trace_stream.h

# The files of the status page as arrays of bytes.
page_files = src/proxy/status/page.html src/proxy/status/page.css src/proxy/status/page.js
EXTRA_DIST += $(page_files)
nodist_src_libproxy_la_SOURCES += src/proxy/status/page_files.c
CLEANFILES += src/proxy/status/page_files.c
as_array = { echo "const unsigned char page_$$name[] = {"; od -An -v -tu1 | sed -e 's/  */,/g' -e 's/^,//' -e 's/$$/,/'; \
	echo "};"; echo "const size_t page_$${name}_size = sizeof(page_$$name);"; }
src/proxy/status/page_files.c: $(page_files) gen/out/operations.json
	$(AM_V_GEN)$(MKDIR_P) src/proxy/status && { echo '#include "proxy/status/page_files.h"'; \
	for name in html css js; do $(as_array) <$(srcdir)/src/proxy/status/page.$$name || exit 1; done; \
	operations=gen/out/operations.json; test -f $$operations || operations=$(srcdir)/$$operations; \
	name=operations; gzip -9nc $$operations | $(as_array); } >$@.tmp && mv $@.tmp $@
