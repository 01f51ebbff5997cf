/* SPDX-License-Identifier: BSD-3-Clause */
/* Class pf: a driver on a physical function, and its VFs' coming and going. */
#include "pf.h"

static void free_pf(struct sric_pf *self)
{
    struct sriov_pf *pf = &self->pf;
    struct sriov_fn *fn = pf->fn;

    sriov_fn_host_free(fn, pf->priv, pf->driver->priv_size);
    sriov_fn_host_free(fn, self, sizeof(*self));
}

static int take_opts(struct sriov_pf *pf, const struct sriov_pf_opts *opts)
{
    int rc = 0;

    if (opts != NULL) {
        rc = sric_opts_take(&pf->opts, sizeof(pf->opts), sizeof(uint64_t), opts);
    }
    pf->opts.size = sizeof(pf->opts);
    return rc == 0 && pf->opts.flags != 0 ? -EINVAL : rc;
}

static int make_pf(struct sriov_fn *fn, const struct sriov_driver *driver, const struct sriov_pf_opts *opts,
                   struct sric_pf **out)
{
    struct sric_pf *self = sriov_fn_host_alloc(fn, sizeof(*self), 64);
    int rc;

    if (self == NULL) {
        return -ENOMEM;
    }
    self->pf.fn = fn;
    self->pf.driver = driver;
    rc = take_opts(&self->pf, opts);
    if (rc == 0) {
        rc = sric_pf_take_ops(self, driver->pf);
    }
    if (rc == 0 && driver->priv_size != 0) {
        self->pf.priv = sriov_fn_host_alloc(fn, driver->priv_size, 64);
        rc = self->pf.priv != NULL ? 0 : -ENOMEM;
    }
    if (rc != 0) {
        free_pf(self);
        return rc;
    }
    *out = self;
    return 0;
}

/* VFs of an earlier owner have nobody who serves them. */
static int attach(struct sric_pf *self)
{
    int rc = sriov_fn_set_vfs(self->pf.fn, 0);

    if (rc == 0) {
        self->pf.up = true;
        rc = self->ops.attach(&self->pf);
    }
    return rc;
}

int sriov_pf_open(struct sriov_fn *fn, const struct sriov_driver *const *drivers,
                  const struct sriov_pf_opts *opts, struct sriov_pf **out)
{
    const struct sriov_driver *driver;
    struct sric_pf *self;
    int rc;

    if (fn == NULL || out == NULL) {
        return -EINVAL;
    }
    *out = NULL;
    driver = sric_driver_find(fn, drivers, SRIOV_CLASS_PF);
    if (driver == NULL) {
        return -ENOENT;
    }
    if (!sriov_fn_can(fn, SRIOV_CAP_SET_VFS) || sriov_fn_info(fn)->total_vfs == 0) {
        return -EOPNOTSUPP;
    }
    rc = sriov_fn_set_state(fn, SRIOV_FN_ATTACHED);
    if (rc != 0) {
        return rc == -EINVAL ? -EBUSY : rc;
    }
    rc = make_pf(fn, driver, opts, &self);
    if (rc == 0) {
        rc = attach(self);
        if (rc != 0) {
            free_pf(self);
        }
    }
    if (rc == 0) {
        rc = sriov_fn_set_state(fn, SRIOV_FN_STARTED);
        if (rc != 0) {
            self->ops.detach(&self->pf);
            free_pf(self);
        }
    }
    if (rc != 0) {
        (void)sriov_fn_set_state(fn, SRIOV_FN_DETACHED);
        return rc;
    }
    sriov_log(sriov_fn_vmm(fn), SRIOV_LOG_INFO, "%s: driver %s attached", sriov_fn_info(fn)->name,
              driver->name);
    *out = &self->pf;
    return 0;
}

/* In the reverse of enable: each step goes on whatever the one before it said. */
static int disable_vfs(struct sric_pf *self)
{
    struct sriov_pf *pf = &self->pf;
    int rc = self->ops.vfs_ready(pf, 0);
    int step = sriov_fn_set_vfs(pf->fn, 0);

    rc = rc != 0 ? rc : step;
    if (step != 0) {
        /* The VFs are still there: the device side must go on serving them. */
        if (!sriov_fn_gone(pf->fn)) {
            (void)self->ops.vfs_ready(pf, pf->num_vfs);
        }
        return rc;
    }
    pf->num_vfs = 0;
    step = self->ops.vfs_prepare(pf, 0);
    return rc != 0 ? rc : step;
}

static int enable_vfs(struct sric_pf *self, uint16_t n)
{
    struct sriov_pf *pf = &self->pf;
    int rc = self->ops.vfs_prepare(pf, n);

    if (rc != 0) {
        return rc;
    }
    rc = sriov_fn_set_vfs(pf->fn, n);
    if (rc == 0) {
        pf->num_vfs = n;
        rc = self->ops.vfs_ready(pf, n);
        if (rc == 0) {
            return 0;
        }
        pf->num_vfs = 0;
        (void)sriov_fn_set_vfs(pf->fn, 0);
    }
    if (!sriov_fn_gone(pf->fn)) {
        (void)self->ops.vfs_prepare(pf, 0);
    }
    return rc;
}

/* VF Enable takes all VFs away before there can be another number, so that any owner is in the way. */
int sriov_pf_enable_vfs(struct sriov_pf *pf, uint16_t n)
{
    struct sric_pf *self = sric_pf_of(pf);
    uint16_t owned;
    int rc = 0;

    if (sriov_fn_gone(pf->fn)) {
        return -ENODEV;
    }
    if (n > SRIOV_PF_VFS_MAX || n > sriov_fn_info(pf->fn)->total_vfs) {
        return -EINVAL;
    }
    if (n == pf->num_vfs) {
        return 0;
    }
    if (sric_pf_any_owner(self, &owned) != NULL) {
        return -EBUSY;
    }
    if (pf->num_vfs != 0) {
        rc = disable_vfs(self);
    }
    if (rc == 0 && n != 0) {
        rc = enable_vfs(self, n);
    }
    return rc;
}

/* The PF goes; whoever still owns a VF finds it gone. */
static void disown(struct sric_pf *self)
{
    struct sriov_fn *fn = self->pf.fn;
    uint16_t vf;
    const char *owner = sric_pf_any_owner(self, &vf);

    if (owner != NULL) {
        sriov_log(sriov_fn_vmm(fn), SRIOV_LOG_WARN, "%s: closed while VF %u belongs to %s",
                  sriov_fn_info(fn)->name, (unsigned)vf, owner);
    }
    sric_pf_disown_all(self);
}

void sriov_pf_close(struct sriov_pf *pf)
{
    struct sric_pf *self = sric_pf_of(pf);
    struct sriov_fn *fn;

    if (pf == NULL) {
        return;
    }
    fn = pf->fn;
    disown(self);
    (void)sriov_pf_enable_vfs(pf, 0);
    if (pf->num_vfs != 0 && !sriov_fn_gone(fn)) {
        sriov_log(sriov_fn_vmm(fn), SRIOV_LOG_ERROR,
                  "%s: closed with %u VFs enabled, which nobody serves now", sriov_fn_info(fn)->name,
                  (unsigned)pf->num_vfs);
    }
    self->ops.detach(pf);
    free_pf(self);
    (void)sriov_fn_set_state(fn, SRIOV_FN_STOPPED);
    (void)sriov_fn_set_state(fn, SRIOV_FN_DETACHED);
}

struct sriov_fn *sriov_pf_fn(struct sriov_pf *pf)
{
    return pf->fn;
}

uint32_t sriov_pf_poll(struct sriov_pf *pf)
{
    return sriov_fn_gone(pf->fn) ? 0 : sric_pf_of(pf)->ops.poll(pf);
}

int sriov_pf_set_up(struct sriov_pf *pf, bool up)
{
    int rc;

    if (sriov_fn_gone(pf->fn)) {
        return -ENODEV;
    }
    if (pf->up == up) {
        return 0;
    }
    rc = sric_pf_of(pf)->ops.set_up(pf, up);
    if (rc == 0) {
        pf->up = up;
    }
    return rc;
}

int sriov_pf_reset(struct sriov_pf *pf)
{
    return sriov_fn_gone(pf->fn) ? -ENODEV : sric_pf_of(pf)->ops.reset(pf);
}

int sriov_pf_get_link(struct sriov_pf *pf, struct sriov_link *link)
{
    *link = pf->link;
    if (sriov_fn_gone(pf->fn)) {
        link->up = false;
        link->mbps = 0;
        return -ENODEV;
    }
    return 0;
}
