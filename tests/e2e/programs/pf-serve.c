/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * Owns a PF through VFIO and serves its VFs, by our own PF driver.
 * usage: pf-serve BDF VFS
 * Reads commands, one a line, and answers each with one line that begins with "ok" or "error":
 *   reset | down | up | mac VF | vlan VF VID | trunk VF VID | trust VF | rate VF MBPS | vf-link VF STATE |
 *   vf VF | vf-stats VF | link | stats | quit
 * trunk: VID 0: any. STATE: a number of enum sriov_pf_vf_link.
 */
#include <sriov/drivers.h>
#include <sriov/kvm.h>
#include <sriov/log.h>

#include <errno.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define LINE_MAX_LEN 128
#define POLL_NS      UINT64_C(1000000)
#define SETTLE_NS    UINT64_C(3000000000)

struct server {
    struct sriov_vmm *vmm;
    struct sriov_fn *fn;
    struct sriov_pf *pf;
    uint64_t served;
};

static void log_line(void *arg, uint32_t level, const char *line)
{
    (void)arg;
    (void)level;
    fprintf(stderr, "pf-serve: %s\n", line);
}

static int answer(int rc)
{
    if (rc != 0) {
        printf("error %d %s\n", rc, strerror(-rc));
    } else {
        printf("ok\n");
    }
    return rc;
}

static int set_mac(struct server *s, uint16_t vf)
{
    const struct sriov_mac mac = {{0x02, 0x50, 0x46, 0, 0, (uint8_t)vf}};

    return sriov_pf_set_vf_mac(s->pf, vf, &mac);
}

static void show_vf(struct server *s, uint16_t vf)
{
    struct sriov_pf_vf_info i = {.size = sizeof(i)};
    const int rc = sriov_pf_get_vf(s->pf, vf, &i);

    if (rc != 0) {
        (void)answer(rc);
        return;
    }
    printf("ok ready=%d mac=%02x:%02x:%02x:%02x:%02x:%02x vlan=%u trusted=%d requests=%llu refused=%llu "
           "resets=%llu\n",
           i.ready, i.mac.b[0], i.mac.b[1], i.mac.b[2], i.mac.b[3], i.mac.b[4], i.mac.b[5], i.port_vlan,
           i.trusted, (unsigned long long)i.requests, (unsigned long long)i.refused,
           (unsigned long long)i.resets);
}

static int set_trunk(struct server *s, uint16_t vf, uint16_t vid)
{
    return sriov_pf_set_vf_trunk(s->pf, vf, &vid, vid != 0 ? 1 : 0);
}

static void show_link(struct server *s)
{
    struct sriov_link link;

    if (answer(sriov_pf_get_link(s->pf, &link)) == 0) {
        fprintf(stderr, "pf-serve: link %d %u\n", link.up, link.mbps);
    }
}

/* vf -1: the port's. */
static void show_stats(struct server *s, int vf)
{
    struct sriov_stat stats[64];
    const uint32_t n =
        vf < 0 ? sriov_pf_stats(s->pf, stats, 64) : sriov_pf_vf_stats(s->pf, (uint16_t)vf, stats, 64);

    printf("ok served=%llu", (unsigned long long)s->served);
    for (uint32_t i = 0; i < n && i < 64; i++) {
        printf(" %s=%llu", stats[i].name, (unsigned long long)stats[i].value);
    }
    printf("\n");
}

/* False: it is none of these. */
static bool policy(struct server *s, const char *word, int n, uint16_t vf, unsigned value)
{
    if (strcmp(word, "mac") == 0 && n == 2) {
        (void)answer(set_mac(s, vf));
    } else if (strcmp(word, "trust") == 0 && n == 2) {
        (void)answer(sriov_pf_set_vf_trust(s->pf, vf, true));
    } else if (strcmp(word, "vlan") == 0 && n == 3) {
        (void)answer(sriov_pf_set_vf_vlan(s->pf, vf, (uint16_t)value));
    } else if (strcmp(word, "trunk") == 0 && n == 3) {
        (void)answer(set_trunk(s, vf, (uint16_t)value));
    } else if (strcmp(word, "rate") == 0 && n == 3) {
        (void)answer(sriov_pf_set_vf_rate(s->pf, vf, value));
    } else if (strcmp(word, "vf-link") == 0 && n == 3) {
        (void)answer(sriov_pf_set_vf_link(s->pf, vf, (enum sriov_pf_vf_link)value));
    } else {
        return false;
    }
    return true;
}

/* False: quit. */
static bool command(struct server *s, char *line)
{
    char word[16] = "";
    unsigned a = 0;
    unsigned b = 0;
    const int n = sscanf(line, "%15s %u %u", word, &a, &b);

    if (strcmp(word, "quit") == 0) {
        return false;
    }
    if (strcmp(word, "reset") == 0) {
        (void)answer(sriov_pf_reset(s->pf));
    } else if (strcmp(word, "down") == 0 || strcmp(word, "up") == 0) {
        (void)answer(sriov_pf_set_up(s->pf, word[0] == 'u'));
    } else if (strcmp(word, "vf") == 0 && n == 2) {
        show_vf(s, (uint16_t)a);
    } else if (strcmp(word, "link") == 0) {
        show_link(s);
    } else if (strcmp(word, "stats") == 0) {
        show_stats(s, -1);
    } else if (strcmp(word, "vf-stats") == 0 && n == 2) {
        show_stats(s, (int)a);
    } else if (!policy(s, word, n, (uint16_t)a, b)) {
        printf("error unknown command: %s\n", word);
    }
    fflush(stdout);
    return true;
}

static void serve(struct server *s)
{
    struct pollfd in = {STDIN_FILENO, POLLIN, 0};
    char line[LINE_MAX_LEN];

    for (;;) {
        s->served += sriov_pf_poll(s->pf);
        if (sriov_fn_gone(s->fn)) {
            printf("error gone\n");
            return;
        }
        if (poll(&in, 1, 0) > 0) {
            if (fgets(line, sizeof(line), stdin) == NULL || !command(s, line)) {
                return;
            }
        }
        sriov_fn_sleep(s->fn, POLL_NS);
    }
}

static int await_link(struct server *s)
{
    const uint64_t end = sriov_fn_now(s->fn) + SETTLE_NS;
    struct sriov_link link = {0};

    while (sriov_fn_now(s->fn) < end) {
        (void)sriov_pf_poll(s->pf);
        if (sriov_pf_get_link(s->pf, &link) == 0 && link.up) {
            return 0;
        }
        sriov_fn_sleep(s->fn, POLL_NS);
    }
    return -ETIMEDOUT;
}

static int start(struct server *s, const char *bdf, uint16_t vfs)
{
    int rc = sriov_kvm_create(NULL, &s->vmm);

    if (rc == 0) {
        sriov_log_set_sink(s->vmm, log_line, NULL);
        rc = sriov_fn_open(s->vmm, bdf, NULL, &s->fn);
    }
    if (rc == 0) {
        rc = sriov_pf_open(s->fn, sriov_pf_drivers, NULL, &s->pf);
    }
    if (rc == 0) {
        rc = sriov_pf_enable_vfs(s->pf, vfs);
    }
    if (rc == 0) {
        rc = await_link(s);
    }
    return rc;
}

int main(int argc, char **argv)
{
    struct server s = {0};
    int rc;

    if (argc != 3) {
        fprintf(stderr, "usage: pf-serve BDF VFS\n");
        return 2;
    }
    setvbuf(stdin, NULL, _IONBF, 0);
    rc = start(&s, argv[1], (uint16_t)atoi(argv[2]));
    if (answer(rc) == 0) {
        fflush(stdout);
        serve(&s);
    }
    if (s.pf != NULL) {
        sriov_pf_close(s.pf);
    }
    if (s.fn != NULL && sriov_fn_close(s.fn) != 0) {
        rc = -EPROTO;
    }
    if (s.vmm != NULL) {
        (void)sriov_kvm_destroy(s.vmm);
    }
    printf("ok closed\n");
    return rc == 0 ? 0 : 1;
}
