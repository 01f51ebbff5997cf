/* SPDX-License-Identifier: BSD-3-Clause */
/* What ping, respond, capture and stats share: a port, its loop, progress and what is told. */
#ifndef SRIOVCTL_TRAFFIC_H
#define SRIOVCTL_TRAFFIC_H

#include "cli.h"
#include "pcap_file.h"
#include "port.h"

/* Their common options; the first member of each command's values. */
struct traffic_values {
    const char *pcap;
    uint64_t mtu;
    uint64_t duration_ns; /* 0: no limit */
    uint64_t link_wait_ns;
    uint64_t give_up_ns;
    bool poll;
    bool interrupts;
    bool progress;
};
void traffic_defaults(struct traffic_values *values);

/* The rows of an option table for a struct whose first member is struct traffic_values. */
#define TRAFFIC_OPTION(member) .offset = offsetof(struct traffic_values, member)
#define TRAFFIC_OPTIONS                                                                                      \
    {.name = "poll", .help = "poll the queues", TRAFFIC_OPTION(poll), .kind = OPTION_FLAG},                  \
        {.name = "interrupts",                                                                               \
         .help = "wait for receive interrupts (where there are some)",                                       \
         TRAFFIC_OPTION(interrupts),                                                                         \
         .kind = OPTION_FLAG},                                                                               \
        {.name = "mtu",                                                                                      \
         .value = "BYTES",                                                                                   \
         .help = "largest IP packet (1500)",                                                                 \
         TRAFFIC_OPTION(mtu),                                                                                \
         .kind = OPTION_NUMBER,                                                                              \
         .least = 68,                                                                                        \
         .most = 9710},                                                                                      \
        {.name = "link-wait",                                                                                \
         .value = "TIME",                                                                                    \
         .help = "for the link to come up (10s)",                                                            \
         TRAFFIC_OPTION(link_wait_ns),                                                                       \
         .kind = OPTION_TIME},                                                                               \
        {.name = "give-up",                                                                                  \
         .value = "TIME",                                                                                    \
         .help = "end when the link stays away that long (30s)",                                             \
         TRAFFIC_OPTION(give_up_ns),                                                                         \
         .kind = OPTION_TIME},                                                                               \
        {.name = "duration",                                                                                 \
         .value = "TIME",                                                                                    \
         .help = "end after that time",                                                                      \
         TRAFFIC_OPTION(duration_ns),                                                                        \
         .kind = OPTION_TIME,                                                                                \
         .least = 1},                                                                                        \
    {                                                                                                        \
        .name = "progress", .help = "a line each second, also when standard error is no terminal",           \
        TRAFFIC_OPTION(progress), .kind = OPTION_FLAG                                                        \
    }
#define TRAFFIC_PCAP_OPTION                                                                                  \
    {                                                                                                        \
        .name = "pcap", .value = "FILE", .help = "write all frames to a capture file", TRAFFIC_OPTION(pcap), \
        .kind = OPTION_TEXT                                                                                  \
    }

struct traffic {
    struct cli *cli;
    const struct traffic_values *values;
    char bdf[SRIOV_NAME_MAX];
    struct echo_port *port;
    struct pcap_file *pcap;
    json_t *events;
    uint64_t frames;
    uint64_t frame_bytes;
    uint64_t begin_ns;
    uint64_t next_progress_ns;
    uint64_t no_link_since; /* 0: there is link */
    int64_t wall_offset;    /* from the VMM's clock to the time of day */
    const char *ended;      /* why before its time; NULL: it was not */
    bool open;              /* what the port tells is for the user now */
    bool failed;
};

/*
 * Opens function `word` with address ip (0: listen only), waits for its link. CLI_OK, or CLI_USAGE
 * with the line printed and nothing held. neighbour_plan: on the mock, what the neighbour asks;
 * neighbour_ip 0: no neighbour.
 */
int traffic_open(struct traffic *traffic, struct cli *cli, const struct traffic_values *values,
                 const char *word, uint32_t ip, uint32_t neighbour_ip,
                 const struct echo_plan *neighbour_plan);
/* Gives back what traffic_open took, without a report. */
void traffic_discard(struct traffic *traffic);
/* One turn and a wait; false when the traffic must end: over, interrupted, removed, no link. */
bool traffic_go_on(struct traffic *traffic);
/* Identity of the port, to begin the report with. */
json_t *traffic_report(struct traffic *traffic);
/* Closes, adds events and leaks to the report, prints it, tells why it ended. Returns the status;
 * well says whether the command itself is content. */
int traffic_close(struct traffic *traffic, json_t *report, bool well);

#endif
