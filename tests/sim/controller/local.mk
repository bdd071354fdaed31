# SPDX-License-Identifier: Apache-2.0
# The operations of the REST API.
tests_sim_tbsim_SOURCES += \
	tests/sim/controller/alarm_controller.c tests/sim/controller/alarm_controller.h \
	tests/sim/controller/alarm_listing.c \
	tests/sim/controller/api_key_controller.c tests/sim/controller/api_key_controller.h \
	tests/sim/controller/asset_controller.c \
	tests/sim/controller/attributes_controller.c \
	tests/sim/controller/auth_controller.c \
	tests/sim/controller/controller_mapping.c tests/sim/controller/controller_mapping.h \
	tests/sim/controller/controller_table.c tests/sim/controller/controller_table.h \
	tests/sim/controller/customer_controller.c \
	tests/sim/controller/dashboard_controller.c \
	tests/sim/controller/device_api_controller.c \
	tests/sim/controller/device_controller.c \
	tests/sim/controller/entity_group_controller.c \
	tests/sim/controller/entity_query_controller.c \
	tests/sim/controller/group_permission_controller.c \
	tests/sim/controller/generated_answers.c tests/sim/controller/generated_answers.h \
	tests/sim/controller/image_controller.c \
	tests/sim/controller/ota_package_controller.c \
	tests/sim/controller/relation_controller.c tests/sim/controller/relation_controller.h \
	tests/sim/controller/relation_search.c \
	tests/sim/controller/role_controller.c \
	tests/sim/controller/rpc_controller.c tests/sim/controller/rpc_controller.h \
	tests/sim/controller/swagger_pages.c \
	tests/sim/controller/telemetry_controller.c tests/sim/controller/telemetry_controller.h \
	tests/sim/controller/telemetry_history.c \
	tests/sim/controller/user_controller.c
