/* SPDX-License-Identifier: BSD-3-Clause */
#include "port.h"

#include <sriov/drivers.h>

#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#define BURST     32u
#define FRAME_MAX 1518u /* MTU 1500, Ethernet header, one VLAN tag */

static int failed(const struct port *port, const char *what, int rc)
{
    if (rc != 0) {
        fprintf(stderr, "forward: %s: %s: %s\n", port->name, what, strerror(-rc));
    }
    return rc;
}

static void refresh(struct port *port, uint32_t events)
{
    struct sriov_net_info info = {.size = sizeof(info)};
    (void)sriov_net_get_info(port->net, &info);
    port->mac = info.mac;
    port->ready = info.link.up && sriov_fn_state(port->fn) == SRIOV_FN_STARTED;
    if ((events & SRIOV_NET_EV_LINK) != 0) {
        printf("%s: link %s, %" PRIu32 " Mbit/s\n", port->name, info.link.up ? "up" : "down", info.link.mbps);
    }
}

int port_open(struct port *port, struct sriov_vmm *vmm, const char *name)
{
    struct sriov_pool_opts pool = {.size = sizeof(pool), .count = 2048};
    struct sriov_net_config config = {.size = sizeof(config)};
    int rc;
    memset(port, 0, sizeof(*port));
    port->name = name;
    rc = failed(port, "open", sriov_fn_open(vmm, name, NULL, &port->fn));
    if (rc == 0) {
        rc = failed(port, "buffers", sriov_pool_create(port->fn, &pool, &port->pool));
    }
    if (rc == 0) {
        rc = failed(port, "driver", sriov_net_open(port->fn, sriov_net_drivers, &port->net));
    }
    if (rc == 0) {
        config.pool = port->pool;
        rc = failed(port, "rings", sriov_net_configure(port->net, &config));
    }
    if (rc == 0) {
        rc = failed(port, "start", sriov_net_start(port->net));
    }
    if (rc == 0) {
        refresh(port, 0);
    }
    return rc;
}

/* In reverse; the driver gives its buffers back before the pool goes, the pool before the function. */
int port_close(struct port *port)
{
    int leaks = 0;
    sriov_net_close(port->net);
    if (port->pool != NULL) {
        leaks += sriov_pool_destroy(port->pool) != 0;
    }
    return leaks + sriov_fn_close(port->fn);
}

void port_poll(struct port *port)
{
    static const struct {
        uint32_t bit;
        const char *text;
    } words[] = {
        {SRIOV_NET_EV_RECOVERING, "the PF or the function was reset, recovering"},
        {SRIOV_NET_EV_RECOVERED, "recovered"},
        {SRIOV_NET_EV_MAC, "has another MAC address"},
        {SRIOV_NET_EV_REMOVE, "its owner wants it back"},
        {SRIOV_NET_EV_GONE, "is gone"},
    };
    uint32_t events = sriov_net_poll(port->net);
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
        if ((events & words[i].bit) != 0) {
            printf("%s: %s\n", port->name, words[i].text);
        }
    }
    port->end = (events & (SRIOV_NET_EV_REMOVE | SRIOV_NET_EV_GONE)) != 0;
    refresh(port, events);
}

/* A pool's memory is mapped for its own function only: between two functions a frame is copied. */
static struct sriov_buf *carry_over(const struct sriov_buf *in, struct port *to)
{
    uint8_t frame[FRAME_MAX];
    uint32_t len = sriov_buf_copy_out(in, frame, sizeof(frame));
    memcpy(frame, frame + SRIOV_ETH_ALEN, SRIOV_ETH_ALEN);
    memcpy(frame + SRIOV_ETH_ALEN, to->mac.b, SRIOV_ETH_ALEN);
    return sriov_buf_from(to->pool, frame, len);
}

uint16_t port_forward(struct port *from, struct port *to)
{
    struct sriov_buf *in[BURST];
    struct sriov_buf *out[BURST];
    uint16_t n = sriov_rx_burst(sriov_net_rxq(from->net, 0), in, BURST);
    uint16_t ready = 0;
    uint16_t sent;
    for (uint16_t i = 0; i < n; i++) {
        if (memcmp(in[i]->data, from->mac.b, SRIOV_ETH_ALEN) != 0) {
            from->foreign++;
            continue;
        }
        out[ready] = carry_over(in[i], to);
        if (out[ready] == NULL) {
            from->dropped++;
        } else {
            ready++;
        }
    }
    sriov_buf_free_bulk(in, n);
    sent = sriov_tx_burst(sriov_net_txq(to->net, 0), out, ready);
    sriov_buf_free_bulk(out + sent, (uint16_t)(ready - sent));
    from->forwarded += sent;
    from->dropped += (uint16_t)(ready - sent);
    return n;
}

void port_print(struct port *port)
{
    struct sriov_stat stats[64];
    uint32_t n = sriov_net_stats(port->net, stats, 64);
    printf("%s: %s, forwarded %" PRIu64 ", foreign %" PRIu64 ", dropped %" PRIu64 "\n", port->name,
           sriov_net_driver_name(port->net), port->forwarded, port->foreign, port->dropped);
    for (uint32_t i = 0; i < n && i < 64; i++) {
        if (stats[i].value != 0) {
            printf("  %-24s %12" PRIu64 "\n", stats[i].name, stats[i].value);
        }
    }
}
