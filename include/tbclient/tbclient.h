/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The runtime of libtbclient. A program that talks to ThingsBoard includes the header of its edition instead:
 * <tbclient/ce.h>, <tbclient/pe.h> or <tbclient/paas.h>.
 */
#ifndef TBCLIENT_H
#define TBCLIENT_H

#include <tbclient/client.h>
#include <tbclient/codec.h>
#include <tbclient/error.h>
#include <tbclient/table.h>
#include <tbclient/value.h>

#endif
