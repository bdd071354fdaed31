/* SPDX-License-Identifier: Apache-2.0 */
#ifndef TBCLIENT_VISIBILITY_H
#define TBCLIENT_VISIBILITY_H

/* Exported by the shared libraries; everything else is hidden. */
#define TB_PUBLIC __attribute__((visibility("default")))

#endif
