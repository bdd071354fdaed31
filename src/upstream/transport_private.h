/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the parts of a transport share; included by them only. A transport: transport.c (its life, the ends of
 * its transfers), transport_options.c, transport_socket.c, transport_handle.c. A transfer: transfer.c (start,
 * restart and cancel), transfer_answer.c, transfer_retry.c, transfer_error.c.
 */
#ifndef TB_UPSTREAM_TRANSPORT_PRIVATE_H
#define TB_UPSTREAM_TRANSPORT_PRIVATE_H

#include "upstream/transport.h"

#define IDLE_HANDLES_MAX 64

/* A file descriptor of libcurl's. libcurl's interest in a connection ends with every transfer and comes back
 * with the next one; only changes are passed to the kernel. */
struct socket_watch {
    struct watch watch;
    struct transport *transport;
    bool is_connection;  /* not an internal descriptor of libcurl, which it closes without notice */
    uint32_t wanted;     /* events that libcurl asked for */
    uint32_t registered; /* events that the kernel knows of; 0: not registered */
};

/* Of a server, as far as its answers have shown. */
enum http_version { VERSION_UNKNOWN, VERSION_1, VERSION_2 };

struct transport {
    struct loop *loop;
    struct transport_options options;
    char *url;
    char *unix_socket, *certificate_file, *key_file; /* NULL: none */
    bool has_ca_file;                                /* instead of the system's certificates */
    char *ca_file;                                   /* that is used; NULL: not known */
    char *ca_name;                                   /* the same, as spelled since the last reload */
    unsigned reloads;
    char *proxy, *proxy_user, *proxy_password; /* NULL: none; the first without the second */
    char *prefix;                              /* path of the URL without its last slash */
    char *host;                                /* with the port, as the Host header has it */
    CURLM *multi;
    struct timer timer;            /* libcurl's own */
    bool kicked;                   /* libcurl wants to be called at once */
    struct list transfers;         /* under way */
    enum http_version version;     /* of the last answer */
    bool has_prior_knowledge;      /* of HTTP/2, without TLS */
    size_t connections;            /* open */
    bool spoke_http1;              /* some answer was HTTP/1 */
    struct socket_watch **sockets; /* index: file descriptor */
    size_t socket_count;
    CURL *idle[IDLE_HANDLES_MAX]; /* prepared handles */
    size_t idle_count;
};

/* transport_options.c */

/* The path of URL, which goes in front of every target: "" for http://host/, "/tb" for http://host/tb/. To be
 * freed. Returns 0, or -EINVAL or -ENOMEM with a message. */
int transport_url_prefix(const char *url, char **ret, struct tb_error *err);

/* The authority of URL, which transport_url_prefix() has accepted; to be freed. Returns 0 or -ENOMEM. */
int transport_url_host(const char *url, char **ret);

/* Copies the options and their strings, which transport_free() frees, after an error, too. Returns 0 or
 * -ENOMEM. */
int transport_copy_options(struct transport *transport, const struct transport_options *options);

/* transport_socket.c */

/* Reports EVENTS (CURL_CSELECT_*) on FD to libcurl, or that its timer expired (CURL_SOCKET_TIMEOUT). */
void transport_perform(struct transport *transport, curl_socket_t fd, int events);

/* CURLMOPT_SOCKETFUNCTION, for the transport. */
int transport_socket_changed(CURL *easy, curl_socket_t fd, int what, void *arg, void *unused);

/* CURLOPT_OPENSOCKETFUNCTION, for the transfer. */
curl_socket_t transport_socket_open(void *arg, curlsocktype purpose, struct curl_sockaddr *address);

/* CURLOPT_CLOSESOCKETFUNCTION, for the transport. */
int transport_socket_close(void *arg, curl_socket_t fd);

/* Whether the server keeps the connection open that it was sent on, or did until we closed it. */
bool transfer_connection_was_alive(const struct transfer *transfer);

/* transport_handle.c */

/* A handle for TRANSFER, set up with what is the same for all; owned by the caller. NULL: no memory. */
CURL *transport_take_handle(struct transport *transport, const struct transfer *transfer);

/* transfer.c */

/* Sends a transfer that failed with CODE anew if it may be sent again; returns whether it was. */
bool transfer_restart(struct transfer *transfer, CURLcode code);

/* Takes the handle back from a transfer and keeps it for the next. */
void transfer_release_handle(struct transfer *transfer);

/* transfer_answer.c */

/* CURLOPT_WRITEFUNCTION, CURLOPT_READFUNCTION, CURLOPT_SEEKFUNCTION and CURLOPT_HEADERFUNCTION. */
size_t transfer_body_arrived(char *data, size_t size, size_t count, void *arg);
size_t transfer_body_wanted(char *data, size_t size, size_t count, void *arg);
int transfer_body_sought(void *arg, curl_off_t offset, int origin);
size_t transfer_header_arrived(char *data, size_t size, size_t count, void *arg);

/* transfer_retry.c */

/* CURLOPT_PREREQFUNCTION. */
int transfer_before_sending(void *arg, char *remote, char *local, int remote_port, int local_port);

/* Whether a transfer that failed with CODE, and that libcurl gave up, may be sent again. */
bool transfer_may_be_restarted(const struct transfer *transfer, CURLcode code);

/* transfer_error.c */

/* Sets status 0, error and detail for CODE, which is not CURLE_OK. */
void transfer_set_error(struct transfer *transfer, CURLcode code);

#endif
