# SPDX-License-Identifier: Apache-2.0
# Built only by scripts/bench.
EXTRA_PROGRAMS += tests/bench/client_calls tests/bench/client_decode tests/bench/write_load
tests_bench_client_calls_SOURCES = tests/bench/client_calls.c
tests_bench_client_calls_CPPFLAGS = $(examples_cppflags)
tests_bench_client_calls_LDADD = $(libtbclient_ce) $(JANSSON_LIBS) -lpthread
tests_bench_client_decode_SOURCES = tests/bench/client_decode.c
tests_bench_client_decode_CPPFLAGS = $(examples_cppflags)
tests_bench_client_decode_LDADD = $(libtbclient_ce) $(JANSSON_LIBS)
tests_bench_write_load_SOURCES = tests/bench/write_load.c
