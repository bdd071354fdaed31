# SPDX-License-Identifier: Apache-2.0
# Built by "make fuzzers" with clang and -fsanitize=fuzzer-no-link; run by scripts/test, which asks "make print-fuzzers"
# for the list. What is in corpus/NAME, fuzz_NAME begins with.
FUZZERS = tests/fuzz/fuzz_decode tests/fuzz/fuzz_server_version tests/fuzz/fuzz_frames tests/fuzz/fuzz_http1 tests/fuzz/fuzz_http2 tests/fuzz/fuzz_json \
	tests/fuzz/fuzz_merge_body tests/fuzz/fuzz_pool tests/fuzz/fuzz_router tests/fuzz/fuzz_session tests/fuzz/fuzz_stamp tests/fuzz/fuzz_target tests/fuzz/fuzz_url
EXTRA_PROGRAMS = $(FUZZERS)
EXTRA_DIST += tests/fuzz/corpus
fuzzers: $(FUZZERS)
print-fuzzers:
	@echo $(FUZZERS)
.PHONY: fuzzers print-fuzzers

tests_fuzz_fuzz_decode_SOURCES = tests/fuzz/fuzz_decode.c tests/common/sample_api.c tests/common/sample_api.h
tests_fuzz_fuzz_decode_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests/common
tests_fuzz_fuzz_decode_LDADD = $(project_libs)
tests_fuzz_fuzz_decode_LDFLAGS = -fsanitize=fuzzer
tests_fuzz_fuzz_server_version_LDADD = $(project_libs)
tests_fuzz_fuzz_server_version_LDFLAGS = -fsanitize=fuzzer
tests_fuzz_fuzz_frames_LDADD = $(project_libs)
tests_fuzz_fuzz_frames_LDFLAGS = -fsanitize=fuzzer
tests_fuzz_fuzz_http1_SOURCES = tests/fuzz/fuzz_http1.c tests/common/response_transcript.c tests/common/response_transcript.h
tests_fuzz_fuzz_http1_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests/common
tests_fuzz_fuzz_http1_LDADD = $(project_libs)
tests_fuzz_fuzz_http1_LDFLAGS = -fsanitize=fuzzer
tests_fuzz_fuzz_http2_SOURCES = tests/fuzz/fuzz_http2.c tests/common/fake_pool.c tests/common/fake_pool.h
tests_fuzz_fuzz_http2_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests/common
tests_fuzz_fuzz_http2_LDADD = $(project_libs)
tests_fuzz_fuzz_http2_LDFLAGS = -fsanitize=fuzzer
tests_fuzz_fuzz_json_LDADD = $(project_libs)
tests_fuzz_fuzz_json_LDFLAGS = -fsanitize=fuzzer
tests_fuzz_fuzz_merge_body_LDADD = $(project_libs)
tests_fuzz_fuzz_merge_body_LDFLAGS = -fsanitize=fuzzer
tests_fuzz_fuzz_pool_SOURCES = tests/fuzz/fuzz_pool.c tests/common/fake_connections.c tests/common/fake_connections.h
tests_fuzz_fuzz_pool_CPPFLAGS = $(AM_CPPFLAGS) -I$(srcdir)/tests/common
tests_fuzz_fuzz_pool_LDADD = $(project_libs)
tests_fuzz_fuzz_pool_LDFLAGS = -fsanitize=fuzzer
tests_fuzz_fuzz_router_LDADD = $(project_libs)
tests_fuzz_fuzz_router_LDFLAGS = -fsanitize=fuzzer
tests_fuzz_fuzz_session_LDADD = $(project_libs)
tests_fuzz_fuzz_session_LDFLAGS = -fsanitize=fuzzer
tests_fuzz_fuzz_stamp_LDADD = $(project_libs)
tests_fuzz_fuzz_stamp_LDFLAGS = -fsanitize=fuzzer
tests_fuzz_fuzz_target_LDADD = $(project_libs)
tests_fuzz_fuzz_target_LDFLAGS = -fsanitize=fuzzer
tests_fuzz_fuzz_url_SOURCES = tests/fuzz/fuzz_url.c tests/common/small_api.c tests/common/small_api.h
tests_fuzz_fuzz_url_LDADD = $(project_libs)
tests_fuzz_fuzz_url_LDFLAGS = -fsanitize=fuzzer
