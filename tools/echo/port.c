/* SPDX-License-Identifier: BSD-3-Clause */
#include "port.h"

#include "frame.h"

#include <errno.h>
#include <stdlib.h>

#define RING        256u
#define BUFS        6u /* of the pool, for each descriptor of a ring */
#define BURST       32u
#define NS_PER_MS   UINT64_C(1000000)
#define POLL_EVERY  NS_PER_MS
#define WAIT_MOST   (10 * NS_PER_MS) /* house-keeping is due even when no interrupt comes */
#define SPIN_BELOW  (50 * UINT64_C(1000))
#define SLEEP_SHORT (200 * UINT64_C(1000))

struct echo_port {
    struct sriov_fn *fn;
    struct sriov_pool *pool;
    struct sriov_net *net;
    struct echo_session *session;
    struct echo_port_opts opts;
    struct echo_port_waits waits;
    uint64_t next_poll;
    uint64_t due; /* when the session wants its next step; UINT64_MAX: never */
    bool interrupts;
    bool woken; /* by an interrupt, since the last turn */
    bool gone;
    bool remove;
    bool recovering;
    uint8_t in[FRAME_MAX];
};

/* ---- the session's io ---- */

static int port_send(void *arg, const uint8_t *frame, uint32_t len)
{
    struct echo_port *port = arg;
    struct sriov_buf *buf = sriov_buf_from(port->pool, frame, len);

    if (buf == NULL) {
        return -EAGAIN;
    }
    if (sriov_tx_burst(sriov_net_txq(port->net, 0), &buf, 1) != 1) {
        sriov_buf_free(buf);
        return -EAGAIN;
    }
    if (port->opts.on_frame != NULL) {
        port->opts.on_frame(port->opts.arg, true, frame, len);
    }
    return 0;
}

static uint64_t port_now(void *arg)
{
    struct echo_port *port = arg;

    return sriov_fn_now(port->fn);
}

/* ---- opening and closing ---- */

static int open_pool(struct echo_port *port)
{
    struct sriov_pool_opts opts = {.size = sizeof(opts), .count = BUFS * port->opts.ring};

    return sriov_pool_create(port->fn, &opts, &port->pool);
}

static int configure(struct echo_port *port)
{
    struct sriov_net_config config = {.size = sizeof(config),
                                      .flags = port->opts.interrupts ? SRIOV_NET_INTERRUPTS : 0,
                                      .queues = 1,
                                      .rx_desc = port->opts.ring,
                                      .tx_desc = port->opts.ring,
                                      .mtu = port->opts.mtu,
                                      .pool = port->pool};

    return sriov_net_configure(port->net, &config);
}

static int open_session(struct echo_port *port)
{
    struct sriov_net_info info = {.size = sizeof(info)};
    struct echo_io io = {.send = port_send, .now = port_now, .arg = port};
    int rc = sriov_net_get_info(port->net, &info);

    if (rc != 0) {
        return rc;
    }
    port->interrupts = port->opts.interrupts && info.vectors != 0;
    return echo_session_create(&info.mac, port->opts.ip, &io, &port->session);
}

static int start(struct echo_port *port, enum echo_port_step *step)
{
    int rc;

    *step = ECHO_PORT_CONFIGURE;
    rc = configure(port);
    if (rc == 0) {
        *step = ECHO_PORT_MEMORY;
        rc = open_session(port);
    }
    if (rc == 0) {
        *step = ECHO_PORT_START;
        rc = sriov_net_start(port->net);
    }
    return rc;
}

static int bring_up(struct echo_port *port, struct sriov_vmm *vmm, const char *name,
                    enum echo_port_step *step)
{
    struct sriov_fn_opts opts = {
        .size = sizeof(opts), .flags = port->opts.fn_flags, .options = port->opts.fn_options};
    const struct sriov_driver *const *drivers =
        port->opts.drivers != NULL ? port->opts.drivers : sriov_net_drivers;
    int rc;

    *step = ECHO_PORT_OPEN;
    rc = sriov_fn_open(vmm, name, &opts, &port->fn);
    if (rc != 0) {
        port->fn = NULL;
        return rc;
    }
    *step = ECHO_PORT_POOL;
    rc = open_pool(port);
    if (rc != 0) {
        return rc;
    }
    *step = ECHO_PORT_DRIVER;
    rc = sriov_net_open(port->fn, drivers, &port->net);
    return rc == 0 ? start(port, step) : rc;
}

int echo_port_open(struct sriov_vmm *vmm, const char *name, const struct echo_port_opts *opts,
                   struct echo_port **out, enum echo_port_step *step)
{
    struct echo_port *port = calloc(1, sizeof(*port));
    int rc;

    *out = NULL;
    if (port == NULL) {
        *step = ECHO_PORT_MEMORY;
        return -ENOMEM;
    }
    port->opts = *opts;
    port->opts.ring = opts->ring != 0 ? opts->ring : RING;
    rc = bring_up(port, vmm, name, step);
    if (rc != 0) {
        (void)echo_port_close(port);
        return rc;
    }
    *out = port;
    return 0;
}

int echo_port_close(struct echo_port *port)
{
    int leaks = 0;

    if (port->net != NULL) {
        sriov_net_close(port->net);
    }
    echo_session_destroy(port->session);
    if (port->pool != NULL) {
        leaks += (int)sriov_pool_in_use(port->pool);
        (void)sriov_pool_destroy(port->pool); /* what it cannot give back, close reports */
    }
    if (port->fn != NULL) {
        leaks += sriov_fn_close(port->fn);
    }
    free(port);
    return leaks;
}

/* ---- turns ---- */

static bool link_is_up(struct echo_port *port)
{
    struct sriov_net_info info = {.size = sizeof(info)};

    return sriov_net_get_info(port->net, &info) == 0 && info.link.up;
}

static void follow_link(struct echo_port *port)
{
    echo_session_hold(port->session, !link_is_up(port) || port->recovering);
}

static void take_new_mac(struct echo_port *port)
{
    struct sriov_net_info info = {.size = sizeof(info)};

    if (sriov_net_get_info(port->net, &info) == 0) {
        echo_session_set_mac(port->session, &info.mac);
    }
}

static void take_events(struct echo_port *port, uint32_t events)
{
    if ((events & SRIOV_NET_EV_RECOVERING) != 0) {
        port->recovering = true;
        echo_session_trouble(port->session);
    }
    if ((events & SRIOV_NET_EV_RECOVERED) != 0) {
        port->recovering = false;
    }
    if ((events & SRIOV_NET_EV_LINK) != 0 && !link_is_up(port)) {
        echo_session_trouble(port->session);
    }
    if ((events & SRIOV_NET_EV_MAC) != 0) {
        take_new_mac(port);
    }
    port->gone = port->gone || (events & SRIOV_NET_EV_GONE) != 0;
    port->remove = port->remove || (events & SRIOV_NET_EV_REMOVE) != 0;
    follow_link(port);
    if (port->opts.on_events != NULL) {
        port->opts.on_events(port->opts.arg, port, events);
    }
}

static uint32_t keep_house(struct echo_port *port, uint64_t now)
{
    uint32_t events;

    if (now < port->next_poll) {
        return 0;
    }
    events = sriov_net_poll(port->net);
    port->next_poll = now + POLL_EVERY;
    if (events != 0) {
        take_events(port, events);
    }
    return events;
}

static void take_frame(struct echo_port *port, struct sriov_buf *buf)
{
    uint32_t len = sriov_buf_copy_out(buf, port->in, sizeof(port->in));

    sriov_buf_free(buf);
    if (port->opts.on_frame != NULL) {
        port->opts.on_frame(port->opts.arg, false, port->in, len);
    }
    echo_input(port->session, port->in, len);
}

static uint16_t receive(struct echo_port *port)
{
    struct sriov_buf *bufs[BURST];
    uint16_t n = sriov_rx_burst(sriov_net_rxq(port->net, 0), bufs, BURST);

    for (uint16_t i = 0; i < n; i++) {
        take_frame(port, bufs[i]);
    }
    return n;
}

uint32_t echo_port_turn(struct echo_port *port)
{
    uint64_t now = port_now(port);
    uint32_t events = keep_house(port, now);
    uint64_t wants;
    uint16_t n;

    if (port->gone) {
        return events;
    }
    n = receive(port);
    port->waits.useless += port->woken && n == 0;
    port->woken = false;
    wants = n == BURST ? 0 : UINT64_MAX;
    uint64_t step = echo_step(port->session);
    wants = step < wants ? step : wants;
    now = port_now(port);
    port->due = wants > UINT64_MAX - now ? UINT64_MAX : now + wants;
    return events;
}

static uint64_t until_due(struct echo_port *port, uint64_t most_ns)
{
    uint64_t now = port_now(port);
    uint64_t wait = port->due > now ? port->due - now : 0;

    return wait < most_ns ? wait : most_ns;
}

static void wait_for_interrupt(struct echo_port *port, uint64_t ns)
{
    int rc;

    port->waits.waits++;
    rc = sriov_net_rx_wait(port->net, ns < WAIT_MOST ? ns : WAIT_MOST);
    if (rc == 0) {
        port->waits.woken++;
        port->woken = true;
        port->next_poll = 0; /* the mailbox may have been what woke us */
    } else if (rc != -ETIMEDOUT) {
        sriov_fn_sleep(port->fn, ns < SLEEP_SHORT ? ns : SLEEP_SHORT);
    }
}

void echo_port_wait(struct echo_port *port, uint64_t most_ns)
{
    uint64_t ns = until_due(port, most_ns);

    if (port->gone || ns == 0) {
        return;
    }
    if (port->interrupts) {
        wait_for_interrupt(port, ns);
    } else if (echo_session_pending(port->session) != 0 || ns < SPIN_BELOW ||
               echo_session_phase(port->session) == ECHO_IDLE) {
        sriov_vmm_relax(sriov_fn_vmm(port->fn));
    } else {
        sriov_fn_sleep(port->fn, ns < SLEEP_SHORT ? ns : SLEEP_SHORT);
    }
}

int echo_port_wait_link(struct echo_port *port, uint64_t timeout_ns)
{
    uint64_t begin = port_now(port);

    for (;;) {
        bool late = port_now(port) - begin >= timeout_ns;
        (void)echo_port_turn(port);
        if (echo_port_must_end(port)) {
            return -ENODEV;
        }
        if (link_is_up(port) && !port->recovering) {
            follow_link(port);
            return 0;
        }
        if (late) {
            return -ETIMEDOUT;
        }
        sriov_fn_sleep(port->fn, SLEEP_SHORT);
    }
}

/* ---- questions ---- */

bool echo_port_must_end(const struct echo_port *port)
{
    return port->gone || port->remove;
}

bool echo_port_gone(const struct echo_port *port)
{
    return port->gone;
}

struct echo_session *echo_port_session(struct echo_port *port)
{
    return port->session;
}

struct sriov_net *echo_port_net(struct echo_port *port)
{
    return port->net;
}

struct sriov_fn *echo_port_fn(struct echo_port *port)
{
    return port->fn;
}

bool echo_port_polls(const struct echo_port *port)
{
    return !port->interrupts;
}

const struct echo_port_waits *echo_port_waits(const struct echo_port *port)
{
    return &port->waits;
}

uint64_t echo_port_now(struct echo_port *port)
{
    return port_now(port);
}
