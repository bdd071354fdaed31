/* SPDX-License-Identifier: Apache-2.0 */
/* countEntitiesByQuery: counts all devices, then those that are active. */
#include <tbclient/ce.h>

#include "example.h"

static int run(tb_client *client, char **arguments, tb_error *err)
{
    tb_entity_type_filter devices = {.entity_type = TB_ENTITY_TYPE_DEVICE};
    tb_entity_count_query query = {.entity_filter = tb_entity_type_filter_base(&devices)};

    tb_entity_key active = {.type = TB_ENTITY_KEY_TYPE_ATTRIBUTE, .key = "active"};
    tb_filter_predicate_value_boolean yes = {.default_value = TB_SET(true)};
    tb_boolean_filter_predicate is_true = {.operation = TB_BOOLEAN_OPERATION_EQUAL, .value = &yes};
    tb_key_filter filter = {.key = &active,
                            .value_type = TB_ENTITY_KEY_VALUE_TYPE_BOOLEAN,
                            .predicate = tb_boolean_filter_predicate_base(&is_true)};
    tb_key_filter *filters[] = {&filter};
    int64_t total = 0, working = 0;
    int r = tb_count_entities_by_query(client, &query, &total, err);

    (void)arguments;
    query.key_filters = (tb_key_filter_list){1, filters};
    if (r == 0)
        r = tb_count_entities_by_query(client, &query, &working, err);
    if (r == 0)
        printf("%lld devices, %lld of them active\n", (long long)total, (long long)working);
    return r;
}

int main(int argc, char **argv)
{
    return example_main(argc, argv, 0, "", run);
}
