// SPDX-License-Identifier: Apache-2.0
// A C++ program links with the library and calls functions that need no server. Prints TAP.
#include <tbclient/ce.h>

#include <cstdio>
#include <cstdlib>
#include <cstring>

static int number, failed;

static void check(bool good, const char *name)
{
    failed += !good;
    std::printf("%sok %d - %s\n", good ? "" : "not ", ++number, name);
}

static void encode_and_decode()
{
    tb_error err = TB_ERROR_INIT;
    tb_device device = tb_device();
    const unsigned type = tb_type_find(&tb_ce, "Device");
    char *text = nullptr;
    std::size_t length = 0;
    void *decoded = nullptr;

    device.name = "boiler";
    check(type != 0, "the table knows Device");
    check(tb_encode(&tb_ce, type, &device, &text, &length, &err) == 0, "a device is encoded");
    check(text && std::strcmp(text, "{\"name\":\"boiler\"}") == 0, "with the members that are set");
    check(tb_decode(&tb_ce, type, text, length, &decoded, &err) == 0, "and decoded");
    check(decoded && tb_is(static_cast<tb_device *>(decoded)->name, "boiler"), "to the same name");
    tb_free(decoded);
    std::free(text);
    tb_error_clear(&err);
}

static void numbers()
{
    static const char text[] =
        "{\"additionalInfo\":{\"iccid\":89010303310033979663,\"a\":1.10},\"name\":\"boiler\"}";
    const unsigned type = tb_type_find(&tb_ce, "Device");
    void *decoded = nullptr;
    char *encoded = nullptr;

    check(tb_decode(&tb_ce, type, text, sizeof(text) - 1, &decoded, nullptr) == 0,
          "a number beyond 64 bits is decoded");
    if (decoded) {
        tb_device *device = static_cast<tb_device *>(decoded);
        const char *iccid = json_string_value(json_object_get(device->additional_info, "iccid"));

        check(tb_is(iccid, TB_VERBATIM "89010303310033979663"), "behind the mark");
        check(tb_is(tb_verbatim(iccid), "89010303310033979663"), "which can be left out");
        check(tb_encode(&tb_ce, type, device, &encoded, nullptr, nullptr) == 0, "and encoded");
        check(tb_is(encoded, text), "as it was");
    }
    std::free(encoded);
    tb_free(decoded);
}

static void variants()
{
    tb_entity_type_filter filter = tb_entity_type_filter();
    tb_entity_filter *base = tb_entity_type_filter_base(&filter);

    check(tb_entity_type_filter_from(base) == &filter, "a variant is found again from its base");
    check(tb_single_entity_filter_from(base) == nullptr, "it is not another variant");
}

static void refused_options()
{
    tb_error err = TB_ERROR_INIT;
    tb_client_options options = tb_client_options();
    tb_client *client = nullptr;

    options.url = "http://127.0.0.1:9";
    options.username = "half a credential";
    check(tb_client_open(&options, &client, &err) < 0 && !client, "half a credential is refused");
    check(err.kind == TB_ERROR_USAGE, "as wrong usage");
    tb_error_clear(&err);
    tb_client_close(client);
}

int main()
{
    encode_and_decode();
    numbers();
    variants();
    refused_options();
    std::printf("1..%d\n", number);
    return failed ? EXIT_FAILURE : EXIT_SUCCESS;
}
