# SPDX-License-Identifier: Apache-2.0
# The examples. "make check" builds them; tests/e2e/test_examples.py runs them.
examples_ce = \
	docs/examples/quickstart \
	docs/examples/errors \
	docs/examples/threads \
	docs/examples/save_device \
	docs/examples/get_device_by_id \
	docs/examples/get_device_info_by_id \
	docs/examples/delete_device \
	docs/examples/get_tenant_devices \
	docs/examples/save_entity_telemetry \
	docs/examples/save_entity_attributes_v2 \
	docs/examples/get_attributes_by_scope \
	docs/examples/get_user \
	docs/examples/count_entities_by_query \
	docs/examples/find_entity_data_by_query \
	docs/examples/assets \
	docs/examples/dashboards \
	docs/examples/customers \
	docs/examples/alarms \
	docs/examples/relations
examples_pe = \
	docs/examples/save_entity_group \
	docs/examples/add_entities_to_entity_group \
	docs/examples/get_entity_group_all_by_owner_and_type \
	docs/examples/save_role \
	docs/examples/share_entity_group_to_child_owner_user_group

test_programs += $(examples_ce) $(examples_pe)
EXTRA_DIST += docs/examples/README.md \
	docs/examples/curl/alarms.sh \
	docs/examples/curl/assets.sh \
	docs/examples/curl/attributes.sh \
	docs/examples/curl/count_query.sh \
	docs/examples/curl/customer_hierarchy.sh \
	docs/examples/curl/customers.sh \
	docs/examples/curl/dashboards.sh \
	docs/examples/curl/data_query.sh \
	docs/examples/curl/devices.sh \
	docs/examples/curl/entity_groups.sh \
	docs/examples/curl/errors.sh \
	docs/examples/curl/find_or_create_group.sh \
	docs/examples/curl/group_permissions.sh \
	docs/examples/curl/login.sh \
	docs/examples/curl/no_authentication.sh \
	docs/examples/curl/onboarding.sh \
	docs/examples/curl/ownership.sh \
	docs/examples/curl/paging.sh \
	docs/examples/curl/quickstart.sh \
	docs/examples/curl/relations.sh \
	docs/examples/curl/retry.sh \
	docs/examples/curl/roles.sh \
	docs/examples/curl/sharing.sh \
	docs/examples/curl/telemetry.sh \
	docs/examples/curl/updates.sh \
	docs/examples/curl/users.sh \
	docs/examples/tbproxyctl/alarms.sh \
	docs/examples/tbproxyctl/assets.sh \
	docs/examples/tbproxyctl/attributes.sh \
	docs/examples/tbproxyctl/count_query.sh \
	docs/examples/tbproxyctl/credentials.sh \
	docs/examples/tbproxyctl/customer_hierarchy.sh \
	docs/examples/tbproxyctl/customers.sh \
	docs/examples/tbproxyctl/dashboards.sh \
	docs/examples/tbproxyctl/data_query.sh \
	docs/examples/tbproxyctl/devices.sh \
	docs/examples/tbproxyctl/entity_groups.sh \
	docs/examples/tbproxyctl/errors.sh \
	docs/examples/tbproxyctl/find_or_create_group.sh \
	docs/examples/tbproxyctl/group_permissions.sh \
	docs/examples/tbproxyctl/no_authentication.sh \
	docs/examples/tbproxyctl/onboarding.sh \
	docs/examples/tbproxyctl/ownership.sh \
	docs/examples/tbproxyctl/paging.sh \
	docs/examples/tbproxyctl/quickstart.sh \
	docs/examples/tbproxyctl/relations.sh \
	docs/examples/tbproxyctl/retry.sh \
	docs/examples/tbproxyctl/roles.sh \
	docs/examples/tbproxyctl/sharing.sh \
	docs/examples/tbproxyctl/telemetry.sh \
	docs/examples/tbproxyctl/users.sh

# Compiled like an external program: with the public headers, without -include config.h.
examples_cppflags = -I$(srcdir)/include $(generated_cppflags)

docs_examples_quickstart_SOURCES = docs/examples/quickstart.c docs/examples/example.h
docs_examples_quickstart_CPPFLAGS = $(examples_cppflags)
docs_examples_quickstart_LDADD = $(libtbclient_ce) $(JANSSON_LIBS)

docs_examples_errors_SOURCES = docs/examples/errors.c docs/examples/example.h
docs_examples_errors_CPPFLAGS = $(examples_cppflags)
docs_examples_errors_LDADD = $(libtbclient_ce) $(JANSSON_LIBS)

docs_examples_threads_SOURCES = docs/examples/threads.c docs/examples/example.h
docs_examples_threads_CPPFLAGS = $(examples_cppflags)
docs_examples_threads_LDADD = $(libtbclient_ce) $(JANSSON_LIBS) -lpthread

docs_examples_save_device_SOURCES = docs/examples/save_device.c docs/examples/example.h
docs_examples_save_device_CPPFLAGS = $(examples_cppflags)
docs_examples_save_device_LDADD = $(libtbclient_ce) $(JANSSON_LIBS)

docs_examples_get_device_by_id_SOURCES = docs/examples/get_device_by_id.c docs/examples/example.h
docs_examples_get_device_by_id_CPPFLAGS = $(examples_cppflags)
docs_examples_get_device_by_id_LDADD = $(libtbclient_ce) $(JANSSON_LIBS)

docs_examples_get_device_info_by_id_SOURCES = docs/examples/get_device_info_by_id.c docs/examples/example.h
docs_examples_get_device_info_by_id_CPPFLAGS = $(examples_cppflags)
docs_examples_get_device_info_by_id_LDADD = $(libtbclient_ce) $(JANSSON_LIBS)

docs_examples_delete_device_SOURCES = docs/examples/delete_device.c docs/examples/example.h
docs_examples_delete_device_CPPFLAGS = $(examples_cppflags)
docs_examples_delete_device_LDADD = $(libtbclient_ce) $(JANSSON_LIBS)

docs_examples_get_tenant_devices_SOURCES = docs/examples/get_tenant_devices.c docs/examples/example.h
docs_examples_get_tenant_devices_CPPFLAGS = $(examples_cppflags)
docs_examples_get_tenant_devices_LDADD = $(libtbclient_ce) $(JANSSON_LIBS)

docs_examples_save_entity_telemetry_SOURCES = docs/examples/save_entity_telemetry.c docs/examples/example.h
docs_examples_save_entity_telemetry_CPPFLAGS = $(examples_cppflags)
docs_examples_save_entity_telemetry_LDADD = $(libtbclient_ce) $(JANSSON_LIBS)

docs_examples_save_entity_attributes_v2_SOURCES = docs/examples/save_entity_attributes_v2.c docs/examples/example.h
docs_examples_save_entity_attributes_v2_CPPFLAGS = $(examples_cppflags)
docs_examples_save_entity_attributes_v2_LDADD = $(libtbclient_ce) $(JANSSON_LIBS)

docs_examples_get_attributes_by_scope_SOURCES = docs/examples/get_attributes_by_scope.c docs/examples/example.h
docs_examples_get_attributes_by_scope_CPPFLAGS = $(examples_cppflags)
docs_examples_get_attributes_by_scope_LDADD = $(libtbclient_ce) $(JANSSON_LIBS)

docs_examples_get_user_SOURCES = docs/examples/get_user.c docs/examples/example.h
docs_examples_get_user_CPPFLAGS = $(examples_cppflags)
docs_examples_get_user_LDADD = $(libtbclient_ce) $(JANSSON_LIBS)

docs_examples_count_entities_by_query_SOURCES = docs/examples/count_entities_by_query.c docs/examples/example.h
docs_examples_count_entities_by_query_CPPFLAGS = $(examples_cppflags)
docs_examples_count_entities_by_query_LDADD = $(libtbclient_ce) $(JANSSON_LIBS)

docs_examples_find_entity_data_by_query_SOURCES = docs/examples/find_entity_data_by_query.c docs/examples/example.h
docs_examples_find_entity_data_by_query_CPPFLAGS = $(examples_cppflags)
docs_examples_find_entity_data_by_query_LDADD = $(libtbclient_ce) $(JANSSON_LIBS)

docs_examples_assets_SOURCES = docs/examples/assets.c docs/examples/example.h
docs_examples_assets_CPPFLAGS = $(examples_cppflags)
docs_examples_assets_LDADD = $(libtbclient_ce) $(JANSSON_LIBS)

docs_examples_dashboards_SOURCES = docs/examples/dashboards.c docs/examples/example.h
docs_examples_dashboards_CPPFLAGS = $(examples_cppflags)
docs_examples_dashboards_LDADD = $(libtbclient_ce) $(JANSSON_LIBS)

docs_examples_customers_SOURCES = docs/examples/customers.c docs/examples/example.h
docs_examples_customers_CPPFLAGS = $(examples_cppflags)
docs_examples_customers_LDADD = $(libtbclient_ce) $(JANSSON_LIBS)

docs_examples_alarms_SOURCES = docs/examples/alarms.c docs/examples/example.h
docs_examples_alarms_CPPFLAGS = $(examples_cppflags)
docs_examples_alarms_LDADD = $(libtbclient_ce) $(JANSSON_LIBS)

docs_examples_relations_SOURCES = docs/examples/relations.c docs/examples/example.h
docs_examples_relations_CPPFLAGS = $(examples_cppflags)
docs_examples_relations_LDADD = $(libtbclient_ce) $(JANSSON_LIBS)

docs_examples_save_entity_group_SOURCES = docs/examples/save_entity_group.c docs/examples/example.h
docs_examples_save_entity_group_CPPFLAGS = $(examples_cppflags)
docs_examples_save_entity_group_LDADD = $(libtbclient_pe) $(JANSSON_LIBS)

docs_examples_add_entities_to_entity_group_SOURCES = docs/examples/add_entities_to_entity_group.c docs/examples/example.h
docs_examples_add_entities_to_entity_group_CPPFLAGS = $(examples_cppflags)
docs_examples_add_entities_to_entity_group_LDADD = $(libtbclient_pe) $(JANSSON_LIBS)

docs_examples_get_entity_group_all_by_owner_and_type_SOURCES = docs/examples/get_entity_group_all_by_owner_and_type.c docs/examples/example.h
docs_examples_get_entity_group_all_by_owner_and_type_CPPFLAGS = $(examples_cppflags)
docs_examples_get_entity_group_all_by_owner_and_type_LDADD = $(libtbclient_pe) $(JANSSON_LIBS)

docs_examples_save_role_SOURCES = docs/examples/save_role.c docs/examples/example.h
docs_examples_save_role_CPPFLAGS = $(examples_cppflags)
docs_examples_save_role_LDADD = $(libtbclient_pe) $(JANSSON_LIBS)

docs_examples_share_entity_group_to_child_owner_user_group_SOURCES = docs/examples/share_entity_group_to_child_owner_user_group.c docs/examples/example.h
docs_examples_share_entity_group_to_child_owner_user_group_CPPFLAGS = $(examples_cppflags)
docs_examples_share_entity_group_to_child_owner_user_group_LDADD = $(libtbclient_pe) $(JANSSON_LIBS)
