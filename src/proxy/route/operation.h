/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The operations of ThingsBoard's REST API, of all editions and versions at once, and which of them a request
 * is for. The rows and the tree are generated from the specifications (gen/generator/routes.py) and contain
 * no pointers: texts are offsets into operation_texts.
 */
#ifndef TB_PROXY_ROUTE_OPERATION_H
#define TB_PROXY_ROUTE_OPERATION_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <tbclient/table.h>

/* One specification. Bit INDEX of operation.editions is operation_documents[INDEX]. */
struct operation_document {
    char edition[8];  /* "CE", "PE", "PAAS" */
    char version[16]; /* "4.4.0" */
};

/* What a policy allows or denies (gen/classification.json has the rules, with their reasons). Each operation
 * is in one of the first two. */
enum operation_set {
    SET_READ = 1 << 0,
    SET_WRITE = 1 << 1,
    SET_TELEMETRY = 1 << 2,   /* telemetry and attributes */
    SET_RPC = 1 << 3,         /* commands to devices, calls of rule chains */
    SET_CREDENTIALS = 1 << 4, /* secrets of devices, edges, OAuth clients */
    SET_SESSION = 1 << 5,     /* the answer holds a token or key of a user, or the signing key */
    SET_ACCOUNT = 1 << 6,     /* changes the user or the key that tbproxyd lives on */
    SET_ADMIN = 1 << 7,       /* settings of platform and tenant, users and their rights */
};

/* When an operation is in SET_SESSION and SET_ACCOUNT, if it has these bits. */
enum operation_condition {
    CONDITION_ALWAYS,
    CONDITION_USER_AUTHORITY,      /* unless the user in the path has less authority than the own one */
    CONDITION_USER_IN_PATH,        /* if the path names the own user */
    CONDITION_USER_IN_BODY,        /* if the body is the own user, or one without less authority */
    CONDITION_USER_IN_LIST,        /* if the body is a list of ids, and one may be the own user's */
    CONDITION_EMAIL_IN_BODY,       /* if the e-mail in the body may be the own user's */
    CONDITION_ID_IN_BODY,          /* if the body has an id: it is not new */
    CONDITION_KEY_IN_PATH,         /* if the API key in the path may be the own one */
    CONDITION_ENTITY_TYPE_IN_PATH, /* if the entity in the path is a user */
    CONDITION_SETTINGS_IN_PATH,    /* if these settings contain the signing key */
    CONDITION_GROUP_TYPE,          /* if the entity group in the path is one of users */
};

/* One id, method and path, in all documents that have it. */
struct operation {
    uint32_t id;      /* "saveDevice" */
    uint32_t tag;     /* "device-controller" */
    uint32_t path;    /* "/api/device/{deviceId}" */
    uint8_t editions; /* a bit for each document that has it */
    uint8_t method;   /* enum tb_method */
    uint8_t retry;    /* enum tb_retry */
    uint8_t flags; /* TB_ANONYMOUS, TB_PAGED, TB_ASYNCHRONOUS, TB_CREDENTIAL, TB_ATTRIBUTE_WRITE, TB_ACTS */
    uint8_t sets;  /* enum operation_set */
    uint8_t condition;  /* enum operation_condition */
    uint8_t takes_json; /* its body is JSON, or text, which may be JSON; 0 or 1 */
};

/* A place in the tree of path segments. Node 0 is the root, the path before its first slash. */
struct operation_node {
    uint32_t segment;     /* its text; 0: the root, or a variable */
    uint16_t first_child; /* the children with a text, sorted by it */
    uint16_t child_count;
    uint16_t variable;        /* the child for any other segment; 0: none */
    uint16_t first_operation; /* of the operations whose path ends here */
    uint16_t operation_count;
};

extern const struct operation_document operation_documents[];
extern const size_t operation_document_count;
extern const struct operation operations[];
extern const size_t operation_count;
extern const struct operation_node operation_nodes[];
extern const char operation_texts[];

static inline const char *operation_id(const struct operation *operation)
{
    return operation_texts + operation->id;
}

static inline const char *operation_tag(const struct operation *operation)
{
    return operation_texts + operation->tag;
}

static inline const char *operation_path(const struct operation *operation)
{
    return operation_texts + operation->path;
}

/* Tokens of the server's limit that a call takes: an asynchronous one is counted both when it begins and when
 * it ends. OPERATION may be NULL. */
static inline unsigned operation_cost(const struct operation *operation)
{
    return operation && operation->flags & TB_ASYNCHRONOUS ? 2 : 1;
}

/*
 * The operation of METHOD at the canonical PATH of LENGTH bytes, or NULL if no document has it. Searches as
 * the server does: a literal segment is preferred to a variable, which is tried if the literal leads to
 * nothing. HEAD finds the operation of GET. A slash at the end is ignored unless a template ends with one.
 * All editions are searched, whatever the server's: no path has different ids in two of them.
 */
const struct operation *operation_find(const char *method, const char *path, size_t length);

/* Whether an operation that is always in one of SETS is at PATH, whatever its method. */
bool operation_at_path_is_in(const char *path, size_t length, unsigned sets);

/* What executing a request twice does. OPERATION, or NULL, is the operation of METHOD at PATH. */
enum tb_retry operation_retry(const struct operation *operation, const char *method, const char *path,
                              size_t length);

/* Whether the canonical PATH of LENGTH bytes matches PATTERN, in which "*" is any one segment and "**" at the
 * end any rest. A slash at the end of PATH is ignored. */
bool path_matches(const char *pattern, const char *path, size_t length);

#endif
