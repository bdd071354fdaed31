/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBCLIENT_VISIBILITY_H
#define TBCLIENT_VISIBILITY_H

/* What the shared libraries export; everything else in them is hidden. */
#define TB_PUBLIC __attribute__((visibility("default")))

#endif
