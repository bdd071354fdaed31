# SPDX-License-Identifier: Apache-2.0
# A request's way from the socket to its controller and back; the control endpoint.
tests_sim_tbsim_SOURCES += \
	tests/sim/server/control_endpoint.c tests/sim/server/control_endpoint.h \
	tests/sim/server/filter_chain.c tests/sim/server/filter_chain.h \
	tests/sim/server/request_processing.c tests/sim/server/request_processing.h \
	tests/sim/server/response_writer.c tests/sim/server/response_writer.h \
	tests/sim/server/tomcat_connector.c tests/sim/server/tomcat_connector.h
