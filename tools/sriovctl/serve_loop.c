/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * The loop: the mock's virtual time follows the machine's clock, and in between the process sleeps until
 * a client, a frame or a command comes, or the mock's next timer is due.
 */
#include "serve.h"

#include <errno.h>
#include <signal.h>
#include <time.h>

/* A process that was stopped, or a machine that slept, does not make up for it. */
#define STEP_MAX_NS SERVE_NS_PER_S
/* Rounds of messages before the others have their turn. */
#define ROUNDS 64
/* No poll tells when a datagram socket of another has room again. */
#define KEPT_AGAIN_NS UINT64_C(500000)

static uint64_t machine_now(void)
{
    struct timespec ts;

    (void)clock_gettime(CLOCK_MONOTONIC, &ts);
    return (uint64_t)ts.tv_sec * SERVE_NS_PER_S + (uint64_t)ts.tv_nsec;
}

static void time_goes_on(struct serve *serve)
{
    uint64_t now = machine_now();
    uint64_t step = now - serve->clock_ns;

    serve->clock_ns = now;
    sriov_mock_advance(serve->mock, step < STEP_MAX_NS ? step : STEP_MAX_NS);
}

/* As long as there are messages: each round takes one of every client that has some. */
static int serve_clients(struct serve *serve)
{
    int done = 1;

    for (uint32_t i = 0; i < ROUNDS && done > 0; i++) {
        done = sriov_vfu_server_step(serve->server);
        time_goes_on(serve);
    }
    return done < 0 ? done : 0;
}

static struct timespec until_due(const struct serve *serve)
{
    uint64_t ns = sriov_mock_next_due(serve->mock);

    ns = ns < SERVE_NS_PER_S ? ns : SERVE_NS_PER_S;
    ns = serve_wire_keeps(serve) && ns > KEPT_AGAIN_NS ? KEPT_AGAIN_NS : ns;
    return (struct timespec){.tv_sec = (time_t)(ns / SERVE_NS_PER_S), .tv_nsec = (long)(ns % SERVE_NS_PER_S)};
}

static int turn(struct serve *serve, const sigset_t *open)
{
    struct pollfd fds[SERVE_POLL_MAX];
    struct timespec wait = until_due(serve);
    uint32_t n = 2;
    int rc = 0;

    fds[0] = (struct pollfd){.fd = sriov_vfu_server_fd(serve->server), .events = POLLIN};
    fds[1] = (struct pollfd){.fd = serve_wire_fd(serve), .events = POLLIN};
    n += serve_control_fds(serve, &fds[n]);
    int ready = ppoll(fds, n, &wait, open);
    time_goes_on(serve);
    if (ready < 0) {
        return errno == EINTR ? 0 : -errno;
    }
    if (fds[0].revents != 0) {
        rc = serve_clients(serve);
    }
    serve_wire_send_kept(serve);
    if (fds[1].revents != 0) {
        serve_wire_turn(serve);
    }
    serve_control_turn(serve, &fds[2], n - 2);
    return rc;
}

int serve_loop(struct serve *serve)
{
    sigset_t ends;
    sigset_t open;
    int rc = 0;

    /* They come while the process sleeps, and only then: none is overlooked. */
    (void)sigemptyset(&ends);
    (void)sigaddset(&ends, SIGINT);
    (void)sigaddset(&ends, SIGTERM);
    (void)sigprocmask(SIG_BLOCK, &ends, &open);
    (void)sigdelset(&open, SIGINT);
    (void)sigdelset(&open, SIGTERM);
    serve->clock_ns = machine_now();
    while (rc == 0 && !cli_interrupted()) {
        rc = turn(serve, &open);
    }
    return rc;
}
