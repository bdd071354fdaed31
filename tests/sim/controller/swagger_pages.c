/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The server's API browser: pages that lead from one to the next as springdoc's do. The document names the
 * server as it was addressed, by Forwarded (server.forward_headers_strategy "framework", the default) or by
 * Host.
 */
#include <string.h>
#include <strings.h>

#include "sim/controller/controller_mapping.h"
#include "sim/spec/operation_lookup.h"
#include "sim/spec/schema_validator.h"

/* A parameter of Forwarded, or OTHERWISE; freed with free(). */
static char *forwarded_parameter(const char *forwarded, const char *name, const char *otherwise)
{
    const char *found = forwarded ? strcasestr(forwarded, name) : NULL;

    if (!found)
        return xstrdup(otherwise ? otherwise : "localhost");
    found += strlen(name);
    found += *found == '"';
    return xstrndup(found, strcspn(found, "\",;"));
}

/* "http://host:port", freed with free() */
static char *own_url(const struct request *rq)
{
    const char *forwarded = request_header(rq, "Forwarded");
    CLEANUP(free_pointer) char *scheme = forwarded_parameter(forwarded, "proto=", "http");
    CLEANUP(free_pointer) char *host = forwarded_parameter(forwarded, "host=", request_header(rq, "Host"));

    return xasprintf("%s://%s", scheme, host);
}

void get_swagger_redirect(struct sim *sim, struct request *rq, struct reply *rp)
{
    CLEANUP(free_pointer) char *url = own_url(rq);
    CLEANUP(free_pointer) char *location = xasprintf("%s/swagger-ui/index.html", url);

    (void)sim;
    reply_redirect(rp, location);
}

static const struct {
    const char *name, *type, *text;
} files[] = {
    {"index.html", "text/html",
     "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"UTF-8\"><title>Swagger UI</title>\n"
     "<link rel=\"stylesheet\" type=\"text/css\" href=\"./swagger-ui.css\" /></head>\n"
     "<body><div id=\"swagger-ui\"></div>\n"
     "<script src=\"./swagger-ui-bundle.js\" charset=\"UTF-8\"></script>\n"
     "<script src=\"./swagger-initializer.js\" charset=\"UTF-8\"></script></body></html>\n"},
    {"swagger-ui.css", "text/css", ".swagger-ui{color:#3b4151}\n"},
    {"swagger-ui-bundle.js", "text/javascript", "window.SwaggerUIBundle = function () {};\n"},
    {"swagger-initializer.js", "text/javascript",
     "window.ui = SwaggerUIBundle({\n  url: \"\",\n  \"configUrl\" : \"/v3/api-docs/swagger-config\"\n});\n"},
};

void get_swagger_file(struct sim *sim, struct request *rq, struct reply *rp)
{
    (void)sim;
    for (size_t i = 0; i < ARRAY_SIZE(files); i++) {
        if (!streq(rq->vars[0], files[i].name))
            continue;
        reply_text(rp, 200, "%s", files[i].text);
        rp->content_type = files[i].type;
        return;
    }
    reply_mvc_error(rp, 404, ERROR_ITEM_NOT_FOUND, "No static resource %s.", rq->path + 1);
}

void get_swagger_config(struct sim *sim, struct request *rq, struct reply *rp)
{
    CLEANUP(free_pointer) char *url = own_url(rq);
    CLEANUP(free_pointer) char *redirect = xasprintf("%s/swagger-ui/oauth2-redirect.html", url);

    (void)sim;
    reply_json(rp, json_pack("{s:s, s:s, s:[{s:s, s:s}]}", "configUrl", "/v3/api-docs/swagger-config",
                             "oauth2RedirectUrl", redirect, "urls", "url", "/v3/api-docs/thingsboard", "name",
                             "thingsboard"));
}

static const char *const methods[] = {
    [TB_GET] = "get",       [TB_POST] = "post", [TB_PUT] = "put",         [TB_PATCH] = "patch",
    [TB_DELETE] = "delete", [TB_HEAD] = "head", [TB_OPTIONS] = "options",
};

static json_t *paths(const struct tb_api *api)
{
    json_t *all = json_object();

    for (size_t i = 0; i < api->operation_count; i++) {
        const struct tb_operation *op = &api->operations[i];
        const char *path = api_text(api, op->path);
        json_t *item = json_object_get(all, path);

        if (!item) {
            item = json_object();
            json_object_set_new(all, path, item);
        }
        json_object_set_new(item, methods[op->method],
                            json_pack("{s:s}", "operationId", api_text(api, op->id)));
    }
    return all;
}

void get_api_docs(struct sim *sim, struct request *rq, struct reply *rp)
{
    CLEANUP(free_pointer) char *url = own_url(rq);

    reply_json(rp, json_pack("{s:s, s:{s:s, s:s}, s:[{s:s, s:s}], s:o}", "openapi", "3.1.0", "info", "title",
                             "ThingsBoard REST API", "version", sim->api->version, "servers", "url", url,
                             "description", "Generated server url", "paths", paths(sim->api)));
}
