/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The part of libtbclient that all editions share. Programs include the header of an edition instead, which
 * includes this one: <tbclient/ce.h>, <tbclient/pe.h> or <tbclient/paas.h>.
 */
#ifndef TBCLIENT_H
#define TBCLIENT_H

#include <tbclient/client.h>
#include <tbclient/codec.h>
#include <tbclient/error.h>
#include <tbclient/table.h>
#include <tbclient/value.h>

#endif
