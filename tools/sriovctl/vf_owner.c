/* SPDX-License-Identifier: BSD-3-Clause */
#include "vf_owner.h"

#include <string.h>

int vf_owner_open(struct vf_owner *owner, struct cli *cli, const char *bdf)
{
    *owner = (struct vf_owner){.cli = cli};
    memcpy(owner->bdf, bdf, strlen(bdf) + 1);
    return cli_is_mock(cli) ? vf_owner_open_mock(owner) : vf_owner_open_linux(owner);
}

void vf_owner_close(struct vf_owner *owner)
{
    if (owner->ops != NULL && owner->ops->close != NULL) {
        owner->ops->close(owner);
    }
    owner->ops = NULL;
}
