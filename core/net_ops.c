/* SPDX-License-Identifier: BSD-3-Clause */
/* A net driver's table, normalised, and the calls that pass through it after a check. */
#include "net.h"

#define MTU_MIN 68u /* RFC 791: what every link must carry */
#define VID_MAX 4095u

static void no_void(struct sriov_net *net)
{
    (void)net;
}

static int no_rx_arm(struct sriov_net *net, uint16_t queue)
{
    (void)net;
    (void)queue;
    return -EOPNOTSUPP;
}

static int no_set_mac(struct sriov_net *net, const struct sriov_mac *mac)
{
    (void)net;
    (void)mac;
    return -EOPNOTSUPP;
}

static int no_set_multicast(struct sriov_net *net, const struct sriov_mac *list, uint16_t n)
{
    (void)net;
    (void)list;
    (void)n;
    return -EOPNOTSUPP;
}

static int no_set_vlan(struct sriov_net *net, uint16_t vid, bool on)
{
    (void)net;
    (void)vid;
    (void)on;
    return -EOPNOTSUPP;
}

static int no_set_rx_mode(struct sriov_net *net, enum sriov_rx_mode mode)
{
    (void)net;
    (void)mode;
    return -EOPNOTSUPP;
}

static uint32_t no_stats(struct sriov_net *net, struct sriov_stat *out, uint32_t room)
{
    (void)net;
    (void)out;
    (void)room;
    return 0;
}

static int no_quiesce_tx(struct sriov_net *net, uint64_t timeout_ns)
{
    (void)net;
    (void)timeout_ns;
    return -EOPNOTSUPP;
}

static int no_quiesce(struct sriov_net *net)
{
    (void)net;
    return -EOPNOTSUPP;
}

static uint16_t no_tx_take(struct sriov_net *net, uint16_t queue, struct sriov_buf **bufs, uint16_t n,
                           uint32_t *in_doubt)
{
    (void)net;
    (void)queue;
    (void)bufs;
    (void)n;
    (void)in_doubt;
    return 0;
}

static uint16_t no_rx_take(struct sriov_net *net, uint16_t queue, struct sriov_buf **bufs, uint16_t n)
{
    (void)net;
    (void)queue;
    (void)bufs;
    (void)n;
    return 0;
}

static int64_t no_save(struct sriov_net *net, void *bytes, uint64_t room)
{
    (void)net;
    (void)bytes;
    (void)room;
    return -EOPNOTSUPP;
}

static int no_load(struct sriov_net *net, const void *bytes, uint64_t len)
{
    (void)net;
    (void)bytes;
    (void)len;
    return -EOPNOTSUPP;
}

static const struct sriov_net_ops absent = {
    .detach = no_void,
    .release = no_void,
    .stop = no_void,
    .rx_arm = no_rx_arm,
    .set_mac = no_set_mac,
    .set_multicast = no_set_multicast,
    .set_vlan = no_set_vlan,
    .set_mtu = no_rx_arm,
    .set_rx_mode = no_set_rx_mode,
    .stats = no_stats,
    .quiesce_tx = no_quiesce_tx,
    .quiesce = no_quiesce,
    .resume = no_quiesce,
    .tx_take = no_tx_take,
    .rx_take = no_rx_take,
    .save = no_save,
    .load = no_load,
};

#define FILL(op)                                                                                             \
    do {                                                                                                     \
        if (self->ops.op == NULL) {                                                                          \
            self->ops.op = absent.op;                                                                        \
        }                                                                                                    \
    } while (0)

/* All of a group or none: half of it would leave a device held for ever, or saved for nobody. */
static bool groups_whole(const struct sriov_net_ops *ops)
{
    bool quiesce = ops->quiesce_tx != NULL;

    return (ops->quiesce != NULL) == quiesce && (ops->resume != NULL) == quiesce &&
           (ops->tx_take != NULL) == quiesce && (ops->rx_take != NULL) == quiesce &&
           (ops->save != NULL) == (ops->load != NULL);
}

int sric_net_take_ops(struct sric_net *self, const struct sriov_net_ops *ops)
{
    if (ops == NULL || ops->attach == NULL || ops->configure == NULL || ops->start == NULL ||
        ops->poll == NULL || !groups_whole(ops)) {
        return -EINVAL;
    }
    self->ops = *ops;
    FILL(detach);
    FILL(release);
    FILL(stop);
    FILL(rx_arm);
    FILL(set_mac);
    FILL(set_multicast);
    FILL(set_vlan);
    FILL(set_mtu);
    FILL(set_rx_mode);
    FILL(stats);
    FILL(quiesce_tx);
    FILL(quiesce);
    FILL(resume);
    FILL(tx_take);
    FILL(rx_take);
    FILL(save);
    FILL(load);
    return 0;
}

bool sric_net_mtu_ok(const struct sriov_net *net, uint16_t mtu)
{
    return mtu >= MTU_MIN && (net->max_mtu == 0 || mtu <= net->max_mtu);
}

/* May the PF be asked now? */
static int check(const struct sriov_net *net)
{
    switch (sriov_fn_state(net->fn)) {
    case SRIOV_FN_GONE:
        return -ENODEV;
    case SRIOV_FN_RECOVERING:
        return -EAGAIN;
    default:
        return 0;
    }
}

static bool is_multicast(const struct sriov_mac *mac)
{
    return (mac->b[0] & 1) != 0;
}

static bool is_zero(const struct sriov_mac *mac)
{
    static const struct sriov_mac zero;

    return memcmp(mac, &zero, sizeof(zero)) == 0;
}

int sriov_net_set_mac(struct sriov_net *net, const struct sriov_mac *mac)
{
    int rc = check(net);

    if (rc == 0 && (mac == NULL || is_multicast(mac) || is_zero(mac))) {
        rc = -EINVAL;
    }
    return rc != 0 ? rc : sric_net_of(net)->ops.set_mac(net, mac);
}

int sriov_net_set_multicast(struct sriov_net *net, const struct sriov_mac *list, uint16_t n)
{
    int rc = check(net);

    if (rc == 0 && n != 0 && list == NULL) {
        rc = -EINVAL;
    }
    for (uint16_t i = 0; rc == 0 && i < n; i++) {
        rc = is_multicast(&list[i]) ? 0 : -EINVAL;
    }
    return rc != 0 ? rc : sric_net_of(net)->ops.set_multicast(net, list, n);
}

int sriov_net_set_vlan(struct sriov_net *net, uint16_t vid, bool on)
{
    int rc = check(net);

    if (rc == 0 && vid > VID_MAX) {
        rc = -EINVAL;
    }
    return rc != 0 ? rc : sric_net_of(net)->ops.set_vlan(net, vid, on);
}

int sriov_net_set_mtu(struct sriov_net *net, uint16_t mtu)
{
    int rc = check(net);

    if (rc == 0 && net->started) {
        rc = -EBUSY;
    }
    if (rc == 0 && !sric_net_mtu_ok(net, mtu)) {
        rc = -EINVAL;
    }
    if (rc == 0) {
        rc = sric_net_of(net)->ops.set_mtu(net, mtu);
    }
    if (rc == 0) {
        net->config.mtu = mtu;
    }
    return rc;
}

int sriov_net_set_rx_mode(struct sriov_net *net, enum sriov_rx_mode mode)
{
    int rc = check(net);

    if (rc == 0 && (uint32_t)mode > SRIOV_RX_PROMISC) {
        rc = -EINVAL;
    }
    return rc != 0 ? rc : sric_net_of(net)->ops.set_rx_mode(net, mode);
}
