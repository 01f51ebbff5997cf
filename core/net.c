/* SPDX-License-Identifier: BSD-3-Clause */
/* Class net: a driver on a function, from open to close. */
#include "net.h"
#include "pool.h"

#define DESC_DEFAULT 512u
#define DESC_MIN     64u
#define DESC_MAX     4096u
#define MTU_DEFAULT  1500u
#define CONFIG_FLAGS (SRIOV_NET_THREADED | SRIOV_NET_INTERRUPTS)

static void free_net(struct sric_net *self)
{
    struct sriov_net *net = &self->net;
    struct sriov_fn *fn = net->fn;

    sriov_fn_host_free(fn, net->priv, net->driver->priv_size);
    sriov_fn_host_free(fn, self, sizeof(*self));
}

static int make_net(struct sriov_fn *fn, const struct sriov_driver *driver, struct sric_net **out)
{
    struct sric_net *self = sriov_fn_host_alloc(fn, sizeof(*self), 64);
    int rc;

    if (self == NULL) {
        return -ENOMEM;
    }
    self->net.fn = fn;
    self->net.driver = driver;
    rc = sric_net_take_ops(self, driver->net);
    if (rc == 0 && driver->priv_size != 0) {
        self->net.priv = sriov_fn_host_alloc(fn, driver->priv_size, 64);
        rc = self->net.priv != NULL ? 0 : -ENOMEM;
    }
    if (rc != 0) {
        free_net(self);
        return rc;
    }
    self->net.config.mtu = MTU_DEFAULT;
    *out = self;
    return 0;
}

int sriov_net_open(struct sriov_fn *fn, const struct sriov_driver *const *drivers, struct sriov_net **out)
{
    const struct sriov_driver *driver;
    struct sric_net *self;
    int rc;

    if (fn == NULL || out == NULL) {
        return -EINVAL;
    }
    *out = NULL;
    driver = sric_driver_find(fn, drivers, SRIOV_CLASS_NET);
    if (driver == NULL) {
        return -ENOENT;
    }
    /* One class at a time has a function. */
    rc = sriov_fn_set_state(fn, SRIOV_FN_ATTACHED);
    if (rc != 0) {
        return rc == -EINVAL ? -EBUSY : rc;
    }
    rc = make_net(fn, driver, &self);
    if (rc == 0) {
        rc = self->ops.attach(&self->net);
        if (rc != 0) {
            free_net(self);
        }
    }
    if (rc != 0) {
        (void)sriov_fn_set_state(fn, SRIOV_FN_DETACHED);
        return rc;
    }
    sriov_log(sriov_fn_vmm(fn), SRIOV_LOG_INFO, "%s: driver %s attached", sriov_fn_info(fn)->name,
              driver->name);
    *out = &self->net;
    return 0;
}

static void release(struct sric_net *self)
{
    struct sriov_net *net = &self->net;

    if (net->configured && !sriov_fn_gone(net->fn)) {
        self->ops.release(net);
    }
    net->configured = false;
    memset(net->rxq, 0, sizeof(net->rxq));
    memset(net->txq, 0, sizeof(net->txq));
}

void sriov_net_close(struct sriov_net *net)
{
    struct sric_net *self = sric_net_of(net);
    struct sriov_fn *fn;

    if (net == NULL) {
        return;
    }
    fn = net->fn;
    (void)sriov_net_stop(net);
    sriov_net_park(net);
    if (!sriov_fn_gone(fn)) {
        release(self);
    }
    self->ops.detach(net);
    free_net(self);
    (void)sriov_fn_set_state(fn, SRIOV_FN_DETACHED);
}

static bool desc_ok(uint16_t n)
{
    return sric_is_pow2(n) && n >= DESC_MIN && n <= DESC_MAX;
}

static uint16_t grant(const struct sriov_net *net, uint16_t want)
{
    uint16_t most = SRIOV_NET_QUEUES_MAX;

    if (net->max_queues != 0 && net->max_queues < most) {
        most = net->max_queues;
    }
    return want < most ? want : most;
}

static int take_config(const struct sriov_net *net, struct sriov_net_config *to,
                       const struct sriov_net_config *from)
{
    int rc = sric_opts_take(to, sizeof(*to), sizeof(*to), from);

    if (rc != 0) {
        return rc;
    }
    to->size = sizeof(*to);
    to->queues = grant(net, to->queues != 0 ? to->queues : 1);
    to->rx_desc = to->rx_desc != 0 ? to->rx_desc : DESC_DEFAULT;
    to->tx_desc = to->tx_desc != 0 ? to->tx_desc : DESC_DEFAULT;
    to->mtu = to->mtu != 0 ? to->mtu : MTU_DEFAULT;
    if ((to->flags & ~CONFIG_FLAGS) != 0 || !desc_ok(to->rx_desc) || !desc_ok(to->tx_desc) ||
        !sric_net_mtu_ok(net, to->mtu)) {
        return -EINVAL;
    }
    /* Another function's memory is not mapped for this one. */
    return to->pool != NULL && to->pool->fn == net->fn ? 0 : -EINVAL;
}

static int configure(struct sric_net *self)
{
    struct sriov_net *net = &self->net;
    uint16_t asked = net->config.queues;
    int rc = self->ops.configure(net);

    if (rc != 0) {
        return rc;
    }
    net->configured = true;
    rc = net->config.queues >= 1 && net->config.queues <= asked ? 0 : -EPROTO;
    return rc != 0 ? rc : sric_net_init_queues(net);
}

int sriov_net_configure(struct sriov_net *net, const struct sriov_net_config *config)
{
    struct sric_net *self = sric_net_of(net);
    struct sriov_net_config c;
    int rc;

    if (sriov_fn_gone(net->fn)) {
        return -ENODEV;
    }
    if (net->started) {
        return -EBUSY;
    }
    rc = take_config(net, &c, config);
    if (rc != 0) {
        return rc;
    }
    release(self);
    net->config = c;
    rc = configure(self);
    if (rc != 0) {
        release(self);
    }
    return rc;
}

int sriov_net_start(struct sriov_net *net)
{
    int rc;

    if (sriov_fn_gone(net->fn)) {
        return -ENODEV;
    }
    if (!net->configured) {
        return -EINVAL;
    }
    if (net->started) {
        return 0;
    }
    net->started = true;
    rc = sric_net_of(net)->ops.start(net);
    if (rc == 0) {
        sriov_net_unpark(net);
    } else if (rc == -EAGAIN) {
        /* The PF is silent: the driver's poll starts the queues and unparks them. */
        rc = 0;
    }
    if (rc == 0) {
        rc = sriov_fn_set_state(net->fn, SRIOV_FN_STARTED);
    }
    if (rc != 0) {
        sriov_net_park(net);
        net->started = false;
    }
    return rc;
}

int sriov_net_stop(struct sriov_net *net)
{
    if (!net->started) {
        return sriov_fn_gone(net->fn) ? -ENODEV : 0;
    }
    sriov_net_park(net);
    if (!sriov_fn_gone(net->fn)) {
        sric_net_of(net)->ops.stop(net);
        /* stop is also what a recovery uses; whatever it did, nothing moves now. */
        sriov_net_park(net);
    }
    net->started = false;
    sric_net_of(net)->tx_held = false;
    return sriov_fn_set_state(net->fn, SRIOV_FN_STOPPED);
}

int sriov_net_get_info(struct sriov_net *net, struct sriov_net_info *info)
{
    struct sriov_net_info now = {
        .size = sizeof(now),
        .mailbox_api = net->mailbox_api,
        .mac = net->mac,
        .mtu = net->config.mtu,
        .max_mtu = net->max_mtu,
        .queues = net->configured ? net->config.queues : 0,
        .max_queues = net->max_queues,
        .vectors = net->vectors,
        .link = net->link,
        .recoveries = net->recoveries,
    };

    return sric_result_give(info, &now, sizeof(now));
}

struct sriov_fn *sriov_net_fn(struct sriov_net *net)
{
    return net->fn;
}

const char *sriov_net_driver_name(const struct sriov_net *net)
{
    return net->driver->name;
}

struct sriov_rxq *sriov_net_rxq(struct sriov_net *net, uint16_t i)
{
    return net->configured && i < net->config.queues ? net->rxq[i] : NULL;
}

struct sriov_txq *sriov_net_txq(struct sriov_net *net, uint16_t i)
{
    return net->configured && i < net->config.queues ? net->txq[i] : NULL;
}
