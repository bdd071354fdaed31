# SPDX-License-Identifier: Apache-2.0
# The WebSocket endpoints.
tests_sim_tbsim_SOURCES += \
	tests/sim/websocket/permessage_deflate.c tests/sim/websocket/permessage_deflate.h \
	tests/sim/websocket/websocket_control.c tests/sim/websocket/websocket_control.h \
	tests/sim/websocket/websocket_handshake.c tests/sim/websocket/websocket_handshake.h \
	tests/sim/websocket/websocket_session.c tests/sim/websocket/websocket_session.h
