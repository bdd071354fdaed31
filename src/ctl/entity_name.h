/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Names instead of ids on the command line: --device-id @name:boiler. Only for entities that the API finds by
 * their name.
 */
#ifndef TB_CTL_ENTITY_NAME_H
#define TB_CTL_ENTITY_NAME_H

#include <jansson.h>
#include <tbclient/client.h>

#include "base/error.h"

#define ENTITY_NAME_MARK "@name:"

struct entity_kind;

/* What PARAMETER ("deviceId", "entityId") is the id of. TYPE is the value of the parameter that says so
 * ("entityType"), or NULL. NULL: nothing that has a name here. */
const struct entity_kind *entity_kind_find(const char *parameter, const char *type);

/* The name of the parameter that says the type for PARAMETER: "entityType" for "entityId". Returns RET. */
const char *entity_type_parameter(const char *parameter, char *ret, size_t size);

/* Replaces each "@name:NAME" in PARAMETERS by the id that the server returns for it. -ENOENT if there is
 * none. */
int entity_names_resolve(tb_client *client, const tb_api *api, json_t *parameters, struct tb_error *err);

/* *RET is a new reference to a list of the names that contain TEXT: at most 100. */
int entity_names_list(tb_client *client, const tb_api *api, const struct entity_kind *kind, const char *text,
                      json_t **ret, struct tb_error *err);

#endif
