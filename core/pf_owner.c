/* SPDX-License-Identifier: BSD-3-Clause */
/* Who a VF belongs to. Nothing of the device: it holds whatever the driver is. */
#include "pf.h"

static bool name_ok(const char *name)
{
    size_t n = 0;

    while (name != NULL && n < SRIOV_NAME_MAX && name[n] != '\0') {
        n++;
    }
    return n != 0 && n < SRIOV_NAME_MAX;
}

int sriov_pf_claim_vf(struct sriov_pf *pf, uint16_t vf, const char *owner)
{
    char *mine;
    int rc = sric_pf_check_vf(pf, vf);

    if (rc != 0) {
        return rc;
    }
    if (!name_ok(owner)) {
        return -EINVAL;
    }
    mine = sric_pf_of(pf)->owner[vf];
    if (mine[0] != '\0') {
        return sric_same_name(mine, owner) ? 0 : -EBUSY;
    }
    sric_copy_name(mine, SRIOV_NAME_MAX, owner);
    return 0;
}

/* Works once the PF is gone too: its owners have to be able to let go. */
int sriov_pf_release_vf(struct sriov_pf *pf, uint16_t vf, const char *owner)
{
    char *mine;

    if (vf >= pf->num_vfs || !name_ok(owner)) {
        return -EINVAL;
    }
    mine = sric_pf_of(pf)->owner[vf];
    if (mine[0] != '\0' && !sric_same_name(mine, owner)) {
        return -EPERM;
    }
    mine[0] = '\0';
    return 0;
}

const char *sric_pf_any_owner(const struct sric_pf *self, uint16_t *vf)
{
    for (uint16_t i = 0; i < self->pf.num_vfs; i++) {
        if (self->owner[i][0] != '\0') {
            *vf = i;
            return self->owner[i];
        }
    }
    return NULL;
}

void sric_pf_disown_all(struct sric_pf *self)
{
    memset(self->owner, 0, sizeof(self->owner));
}
