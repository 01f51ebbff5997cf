/* SPDX-License-Identifier: BSD-3-Clause */
/* What the files of sriovctl serve share: one simulated PF, its VFs on a socket each, one loop. */
#ifndef SRIOVCTL_SERVE_H
#define SRIOVCTL_SERVE_H

#include "cli.h"
#include "vf_owner.h"
#include "world.h"

#include <sriov/vfio_user.h>

#include <poll.h>
#include <stdio.h>

#define SERVE_PATH_MAX  108u /* of a socket, with its NUL: sun_path */
#define SERVE_POLL_MAX  16u
#define SERVE_CONTROL   "control"
#define SERVE_LINE_MAX  8192u
#define SERVE_NS_PER_S  UINT64_C(1000000000)
#define SERVE_NS_PER_MS UINT64_C(1000000)

struct serve_values {
    const char *wire;
    struct option_list captures;
    struct option_list faults;
    uint64_t queues; /* of a VF, at most; 0: as many as there are */
    bool no_macs;
    bool watch;
};

struct serve_control;
struct serve_wire;
struct serve_watch;

/* A VF and its socket. */
struct serve_port {
    struct sriov_fn *fn; /* NULL: not open */
    struct sriov_vfu_device *device;
    char function[SRIOV_NAME_MAX];
    char path[SERVE_PATH_MAX];
};

struct serve {
    struct cli *cli;
    const struct serve_values *values;
    struct sriov_mock *mock;
    struct sriov_pf *pf;
    struct vf_owner owner; /* of the VFs: the PF driver of this process */
    struct sriov_vfu_server *server;
    struct serve_port *ports;
    uint16_t num_ports;
    struct serve_control *control;
    struct serve_wire *wire;   /* NULL: nothing is behind the port */
    struct serve_watch *watch; /* NULL: nobody does */
    int flush_task;            /* of the captures; 0: none */
    bool capture_failed;
    int dir_fd;        /* locked while this process serves there; -1: not */
    bool dir_made;     /* by this process, which has not been ready yet */
    uint64_t clock_ns; /* of the machine, as far as virtual time followed it */
    uint64_t told;     /* violations that were printed */
};

/* ---- serve_dir.c ---- */

/* Makes dir, if need be, and holds it against other servers. CLI_OK, or CLI_USAGE with the line printed. */
int serve_dir_take(struct serve *serve);
void serve_dir_leave(struct serve *serve);
/* "DIR/name" into path; CLI_OK, or CLI_USAGE with the line printed: too long for a socket. */
int serve_dir_path(struct serve *serve, const char *name, char path[SERVE_PATH_MAX]);

/* ---- serve_ports.c ---- */

/* Every VF on its socket. */
int serve_ports_open(struct serve *serve);
void serve_ports_close(struct serve *serve);

/* ---- serve_loop.c ---- */

/* Until SIGINT or SIGTERM; the loop's own clock starts with it. 0, or a negative errno of the host. */
int serve_loop(struct serve *serve);

/* ---- serve_control.c ---- */

int serve_control_open(struct serve *serve);
void serve_control_close(struct serve *serve);
/* Adds what it waits for to fds; returns how many. */
uint32_t serve_control_fds(const struct serve *serve, struct pollfd *fds);
/* Does what there is to do at the descriptors that serve_control_fds gave. */
void serve_control_turn(struct serve *serve, const struct pollfd *fds, uint32_t n);

/* ---- serve_answer.c ---- */

/* What a line that came by the control socket is answered with: an object. */
json_t *serve_answer(struct serve *serve, const json_t *request);

/* ---- serve_wire.c ---- */

/* What --wire names; nothing where it names none. */
int serve_wire_open(struct serve *serve);
void serve_wire_close(struct serve *serve);
/* -1: there is nothing to wait for. */
int serve_wire_fd(const struct serve *serve);
/* Takes the frames that are there. */
void serve_wire_turn(struct serve *serve);
/* Frames wait for room at the other side: they are tried again each turn. */
bool serve_wire_keeps(const struct serve *serve);
void serve_wire_send_kept(struct serve *serve);
json_t *serve_wire_view(const struct serve *serve);

/* ---- serve_capture.c ---- */

/* Port "vf0", "wire" (the PF's physical one) or "switch" (all that it carries) into a pcap file. */
int serve_capture(struct serve *serve, const char *port, const char *file);
int serve_captures_open(struct serve *serve);
void serve_captures_close(struct serve *serve);

/* ---- serve_fault.c ---- */

int serve_faults_inject(struct serve *serve);

/* ---- serve_watch.c ---- */

int serve_watch_open(struct serve *serve);
void serve_watch_close(struct serve *serve);

/* ---- serve_view.c ---- */

/* A port's traffic, owner, interrupts and mailbox now. */
json_t *serve_view_port(struct serve *serve, uint16_t vf);
/* All of them, the wire, and what went amiss. */
json_t *serve_view(struct serve *serve);
/* One that serve_view_port gave, as a line. */
void serve_view_line(FILE *to, const json_t *port);
/* The last words: a line for each port. */
void serve_view_summary(struct serve *serve);

#endif
