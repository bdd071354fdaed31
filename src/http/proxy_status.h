/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Error types of the Proxy-Status header (RFC 9209, section 2.3). Those that only a connection to the server
 * can have are in transport/, those for an error of libcurl in transport/connection_open.c.
 */
#ifndef TB_HTTP_PROXY_STATUS_H
#define TB_HTTP_PROXY_STATUS_H

#define PROXY_STATUS_CONFIGURATION         "proxy_configuration_error"
#define PROXY_STATUS_CONNECTION_TERMINATED "connection_terminated"
#define PROXY_STATUS_DENIED                "http_request_denied"
#define PROXY_STATUS_HEADER_TOO_BIG        "http_response_header_section_size"
#define PROXY_STATUS_INTERNAL              "proxy_internal_response"
#define PROXY_STATUS_INTERNAL_ERROR        "proxy_internal_error"
#define PROXY_STATUS_UNAVAILABLE           "destination_unavailable"
#define PROXY_STATUS_UPGRADE_FAILED        "http_upgrade_failed"

#endif
