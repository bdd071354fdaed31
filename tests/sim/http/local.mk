# SPDX-License-Identifier: Apache-2.0
# Requests and responses as servlets see them.
tests_sim_tbsim_SOURCES += \
	tests/sim/http/file_download.c tests/sim/http/file_download.h \
	tests/sim/http/multipart_body.c tests/sim/http/multipart_body.h \
	tests/sim/http/servlet_request.c tests/sim/http/servlet_request.h \
	tests/sim/http/servlet_response.c tests/sim/http/servlet_response.h
