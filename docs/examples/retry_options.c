/* SPDX-License-Identifier: Apache-2.0 */
/* How often and how long a client tries again if the server refuses a call because of its rate limit. */
#include <tbclient/ce.h>

#include "example.h"

static int count_devices(tb_client *client, char **arguments, tb_error *err)
{
    tb_page_data_device *page = NULL;
    int r = tb_get_tenant_devices(client, 1, 0, NULL, &page, err);

    (void)arguments;
    if (err->kind == TB_ERROR_RATE_LIMITED)
        printf("still refused after the last retry\n");
    r = example_value(r, page, err);
    if (r == 0)
        printf("%lld devices\n", (long long)page->total_elements.value);
    tb_free(page);
    return r;
}

int main(void)
{
    const char *url = getenv("TB_URL"), *key_file = getenv("TB_API_KEY_FILE");
    char key[EXAMPLE_SECRET_MAX];
    tb_client_options options = {
        .url = url ? url : "http://127.0.0.1:8282",
        .max_retries = 2,              /* default 3; .no_retry_on_rate_limit = true: none */
        .initial_retry_delay_ms = 100, /* default 1,000; twice that before the next one */
        .max_retry_delay_ms = 5000,    /* default 30,000; a longer Retry-After is not waited for */
        .timeout_ms = 10000,           /* default 60,000; for each attempt */
    };

    if (key_file && example_read_secret(key_file, key) < 0)
        return EXIT_FAILURE;
    if (key_file)
        options.api_key = key;
    return example_run(&options, NULL, count_devices);
}
