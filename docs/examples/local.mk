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
	docs/examples/relations \
	docs/examples/credentials \
	docs/examples/retry_options \
	docs/examples/users
examples_pe = \
	docs/examples/save_entity_group \
	docs/examples/add_entities_to_entity_group \
	docs/examples/get_entity_group_all_by_owner_and_type \
	docs/examples/save_role \
	docs/examples/share_entity_group_to_child_owner_user_group \
	docs/examples/find_or_create_entity_group \
	docs/examples/group_permissions \
	docs/examples/change_owner \
	docs/examples/customer_hierarchy \
	docs/examples/onboarding

test_programs += $(examples_ce) $(examples_pe)
# Installed beside the pages, in the same layout.
exampledocdir = $(docdir)
nobase_dist_exampledoc_DATA = docs/examples/README.md docs/examples/example.h $(examples_ce:=.c) $(examples_pe:=.c)
nobase_dist_exampledoc_SCRIPTS = \
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
$(addsuffix .$(OBJEXT),$(examples_ce) $(examples_pe)): AM_CPPFLAGS = $(examples_cppflags)

# Each is made of the one file with its name, which is automake's default.
$(examples_ce): $(libtbclient_ce)
$(examples_ce): LDADD = $(libtbclient_ce) $(JANSSON_LIBS) -lpthread
$(examples_pe): $(libtbclient_pe)
$(examples_pe): LDADD = $(libtbclient_pe) $(JANSSON_LIBS)
