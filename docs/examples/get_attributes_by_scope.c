/* SPDX-License-Identifier: Apache-2.0 */
/* getAttributesByScope: reads the attribute deviceCount of an asset and raises it by one. */
#include <tbclient/ce.h>

#include "example.h"

static int set_count(tb_client *client, const char *asset_id, long long count, tb_error *err)
{
    char body[64];

    snprintf(body, sizeof(body), "{\"deviceCount\": %lld}", count);
    return tb_save_entity_attributes_v2(client, TB_ENTITY_TYPE_ASSET, asset_id, "SERVER_SCOPE", body, NULL,
                                        err);
}

static int run(tb_client *client, char **arguments, tb_error *err)
{
    tb_get_attributes_by_scope_params params = {.keys = "deviceCount"}; /* for several: "one,two" */
    tb_attribute_data_list *attributes = NULL;
    long long count = 0;
    int r = tb_get_attributes_by_scope(client, TB_ENTITY_TYPE_ASSET, arguments[0], "SERVER_SCOPE", &params,
                                       &attributes, err);

    r = example_value(r, attributes, err);
    if (r < 0)
        return r;
    /* The value of an attribute is free JSON; this is 0 if it is not a number. */
    if (attributes->count > 0 && attributes->items[0])
        count = (long long)json_integer_value(attributes->items[0]->value);
    tb_free(attributes);

    r = set_count(client, arguments[0], count + 1, err);
    if (r == 0)
        printf("deviceCount was %lld, is %lld\n", count, count + 1);
    return r;
}

int main(int argc, char **argv)
{
    return example_main(argc, argv, 1, "ASSET_ID", run);
}
