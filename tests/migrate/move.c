/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A VM with a simulated VF moves into another process, twice refused and once taken:
 *   migrate_move MODEL              the test; it starts the other two
 *   migrate_move MODEL ROLE FD ...  one of them
 * Or, to see who lives when one dies: migrate_move MODEL kill
 */
#include "handover.h"

#include <signal.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

const struct sriov_model_ops *stage_model(const char *name)
{
    (void)name;
    return NULL;
}

#define TURNS 60u

/* How a process ended. */
enum {
    RUNS = 0,     /* the guest runs here, nothing was lost */
    FAILED = 1,   /* the test's own */
    STANDS = 3,   /* it does not run here, by its own decision */
    KILLED = 100, /* as told */
};

static void show(const char *who, const struct stage *s)
{
    const struct guest *g = guest_state();

    printf("%s: received %u of %u (lost %u, again %u, tagged %u, to the group %u), sent %u, on the wire %u "
           "(lost %u, again %u), interrupts %llu, recoveries' events %#x, findings %llu\n",
           who, g->received, s->peer_sent, g->lost, g->again, g->tagged, g->multicast, g->sent, s->peer_got,
           s->peer_lost, s->peer_again, (unsigned long long)g->interrupts, g->events,
           (unsigned long long)s->findings);
    fflush(stdout);
}

/* It goes on: traffic both ways, with tags, to the group, and by interrupts; nothing lost, never recovered.
 */
static int goes_on(const char *who, struct stage *s)
{
    struct guest *g = guest_state();
    uint64_t interrupts = g->interrupts;
    uint32_t tagged = g->tagged;
    uint32_t multicast = g->multicast;
    bool ok;

    stage_traffic(s, TURNS);
    ok = stage_is_perfect(s) && g->interrupts > interrupts && g->tagged > tagged &&
         g->multicast > multicast && (g->events & SRIOV_NET_EV_RECOVERING) == 0;
    if (!ok) {
        show(who, s);
    }
    return ok ? RUNS : FAILED;
}

/* ---- the two of them ---- */

static int source(const char *model, int fd, int die_at, bool spoil, bool last)
{
    static struct stage s;
    struct handover h = {.stage = &s, .fd = fd, .die_at = die_at, .spoil = spoil};
    bool gone;

    stage_ram();
    stage_make(&s, model);
    guest_enter(s.mock, s.vm);
    guest_boot();
    if (goes_on("before", &s) != RUNS) {
        return FAILED;
    }
    gone = handover_source(&h);
    if (last) {
        printf("source: stream of %llu bytes, %llu dirty pages after the first pass%s%s\n",
               (unsigned long long)h.bytes, (unsigned long long)h.pages,
               h.why[0] != '\0' ? "; refused: " : "", h.why);
        fflush(stdout);
    }
    if (gone) {
        sriov_vm_release(s.assign);
        return STANDS;
    }
    return goes_on("source", &s);
}

static int dest(const char *model, int fd, int die_at, bool wrong, bool last)
{
    static struct stage s;
    struct handover h = {.stage = &s, .fd = fd, .die_at = die_at, .try_wrong = wrong};
    int verdict;

    stage_ram();
    stage_make(&s, model);
    if (!handover_dest(&h)) {
        return STANDS;
    }
    verdict = goes_on("destination", &s);
    if (last && verdict == RUNS) {
        printf("destination: refused %llu damaged streams first\n", (unsigned long long)h.wrong);
        show("destination", &s);
        stage_end(&s);
    }
    return verdict;
}

/* ---- the test ---- */

static pid_t start(const char *self, const char *model, const char *role, int fd, int other, int die_at,
                   const char *how)
{
    pid_t pid = fork();

    INSIDE_MUST(pid >= 0);
    if (pid == 0) {
        char fd_text[16];
        char die_text[16];

        (void)close(other);
        (void)snprintf(fd_text, sizeof(fd_text), "%d", fd);
        (void)snprintf(die_text, sizeof(die_text), "%d", die_at);
        (void)execl(self, self, model, role, fd_text, die_text, how, (char *)NULL);
        _exit(127);
    }
    return pid;
}

static int end_of(pid_t pid)
{
    int status;

    INSIDE_MUST(waitpid(pid, &status, 0) == pid);
    if (WIFSIGNALED(status)) {
        return WTERMSIG(status) == SIGKILL ? KILLED : FAILED;
    }
    return WEXITSTATUS(status);
}

static void both(const char *self, const char *model, int source_dies, int dest_dies, const char *how,
                 int ends[2])
{
    int fd[2];
    pid_t pid[2];

    INSIDE_MUST(socketpair(AF_UNIX, SOCK_STREAM, 0, fd) == 0);
    pid[0] = start(self, model, "source", fd[0], fd[1], source_dies, how);
    pid[1] = start(self, model, "dest", fd[1], fd[0], dest_dies, how);
    (void)close(fd[0]);
    (void)close(fd[1]);
    ends[0] = end_of(pid[0]);
    ends[1] = end_of(pid[1]);
}

static int expect(const char *what, const int ends[2], int source_end, int dest_end)
{
    bool ok = ends[0] == source_end && ends[1] == dest_end;

    printf("%s %s: source %d, destination %d\n", ok ? "ok" : "NOT OK", what, ends[0], ends[1]);
    fflush(stdout);
    return ok ? 0 : 1;
}

static int moves(const char *self, const char *model)
{
    int ends[2];
    int bad;

    both(self, model, -1, -1, "spoil", ends);
    bad = expect("one bit of the stream is wrong", ends, RUNS, STANDS);
    both(self, model, -1, -1, "whole", ends);
    return bad + expect("moved", ends, STANDS, RUNS);
}

/* Before all of it was handed over, a VMM that is killed takes its guest along, as ever: the other side must
 * not run half a machine. From then on, it runs there. */
static int source_killed(const char *self, const char *model, int at)
{
    char what[64];
    int ends[2];

    both(self, model, at, -1, "quiet", ends);
    (void)snprintf(what, sizeof(what), "source killed at step %d", at);
    return expect(what, ends, KILLED, at >= SOURCE_STREAM_SENT ? RUNS : STANDS);
}

/* Until it has said that it runs the source goes on; afterwards it has had it. */
static int dest_killed(const char *self, const char *model, int at)
{
    char what[64];
    int ends[2];

    both(self, model, -1, at, "quiet", ends);
    (void)snprintf(what, sizeof(what), "destination killed at step %d", at);
    return expect(what, ends, at >= DEST_RUNNING ? STANDS : RUNS, KILLED);
}

static int kills(const char *self, const char *model)
{
    int bad = 0;

    for (int at = 0; at < SOURCE_STEPS; at++) {
        bad += source_killed(self, model, at);
    }
    for (int at = 0; at < DEST_STEPS; at++) {
        bad += dest_killed(self, model, at);
    }
    return bad;
}

int main(int argc, char **argv)
{
    if (argc == 6) {
        int fd = atoi(argv[3]);
        int die_at = atoi(argv[4]);
        bool spoil = strcmp(argv[5], "spoil") == 0;
        bool last = strcmp(argv[5], "quiet") != 0;

        return strcmp(argv[2], "source") == 0
                   ? source(argv[1], fd, die_at, spoil, last)
                   : dest(argv[1], fd, die_at, strcmp(argv[5], "whole") == 0, last);
    }
    if (argc == 2) {
        return moves(argv[0], argv[1]) != 0;
    }
    if (argc == 3 && strcmp(argv[2], "kill") == 0) {
        return kills(argv[0], argv[1]) != 0;
    }
    fprintf(stderr, "usage: %s 82599|82576 [kill]\n", argv[0]);
    return 2;
}
