# SPDX-License-Identifier: Apache-2.0
# Built only by scripts/bench.
EXTRA_PROGRAMS += tests/bench/client_calls tests/bench/client_decode tests/bench/spool_store \
	tests/bench/write_load
tests_bench_client_calls_SOURCES = tests/bench/client_calls.c
tests_bench_client_calls_CPPFLAGS = $(examples_cppflags)
tests_bench_client_calls_LDADD = $(libtbclient_ce) $(JANSSON_LIBS) -lpthread
tests_bench_client_decode_SOURCES = tests/bench/client_decode.c
tests_bench_client_decode_CPPFLAGS = $(examples_cppflags)
tests_bench_client_decode_LDADD = $(libtbclient_ce) $(JANSSON_LIBS)
tests_bench_spool_store_SOURCES = tests/bench/spool_store.c
tests_bench_spool_store_LDADD = $(project_libs) -lpthread
tests_bench_write_load_SOURCES = tests/bench/write_load.c
EXTRA_DIST += \
	tests/bench/__init__.py tests/bench/build.py tests/bench/burst.py tests/bench/client.py \
	tests/bench/forward.py tests/bench/forward_tls.py tests/bench/gateway.py tests/bench/haproxy.py \
	tests/bench/harness.py tests/bench/latency.py tests/bench/memory.py tests/bench/merge.py \
	tests/bench/mqtt_server.py tests/bench/nginx.py tests/bench/official_burst.py \
	tests/bench/official_calls.py tests/bench/official_oneshot.py tests/bench/official_writes.py \
	tests/bench/oneshot.py tests/bench/outage.py tests/bench/outage_load.py tests/bench/rate.py \
	tests/bench/relay.py tests/bench/servers.py tests/bench/spool.py tests/bench/spool_outage.py \
	tests/bench/stream.py tests/bench/stream_server.py tests/bench/syscalls.py tests/bench/tls.py \
	tests/bench/writers.py tests/bench/wrk.py
