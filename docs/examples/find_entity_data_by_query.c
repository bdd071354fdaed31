/* SPDX-License-Identifier: Apache-2.0 */
/* findEntityDataByQuery: finds the first ten devices by name, with their temperatures. */
#include <tbclient/ce.h>

#include "example.h"

/* The latest value called KEY of KIND ("TIME_SERIES", "ENTITY_FIELD", ...), or "-". */
static const char *latest(const tb_entity_data *data, const char *kind, const char *key)
{
    for (size_t i = 0; data && i < data->latest.count; i++) {
        const tb_ts_value_map *values = &data->latest.items[i].value;

        for (size_t k = 0; tb_is(data->latest.items[i].key, kind) && k < values->count; k++)
            if (tb_is(values->items[k].key, key) && values->items[k].value && values->items[k].value->value)
                return values->items[k].value->value;
    }
    return "-";
}

static int run(tb_client *client, char **arguments, tb_error *err)
{
    tb_entity_type_filter devices = {.entity_type = TB_ENTITY_TYPE_DEVICE};
    tb_entity_key name = {.type = TB_ENTITY_KEY_TYPE_ENTITY_FIELD, .key = "name"};
    tb_entity_key temperature = {.type = TB_ENTITY_KEY_TYPE_TIME_SERIES, .key = "temperature"};
    tb_entity_key *fields[] = {&name}, *values[] = {&temperature};
    tb_entity_data_sort_order by_name = {.key = &name, .direction = TB_DIRECTION_ASC};
    tb_entity_data_page_link page = {.page_size = TB_SET(10), .page = TB_SET(0), .sort_order = &by_name};
    tb_entity_data_query query = {.entity_filter = tb_entity_type_filter_base(&devices),
                                  .page_link = &page,
                                  .entity_fields = {1, fields},
                                  .latest_values = {1, values}};
    tb_page_data_entity_data *found = NULL;
    int r = tb_find_entity_data_by_query(client, &query, &found, err);

    (void)arguments;
    r = example_value(r, found, err);
    for (size_t i = 0; r == 0 && i < found->data.count; i++)
        printf("%s %s\n", latest(found->data.items[i], "ENTITY_FIELD", "name"),
               latest(found->data.items[i], "TIME_SERIES", "temperature"));
    if (r == 0)
        printf("%zu of %lld devices\n", found->data.count, (long long)found->total_elements.value);
    tb_free(found);
    return r;
}

int main(int argc, char **argv)
{
    return example_main(argc, argv, 0, "", run);
}
