/* SPDX-License-Identifier: BSD-3-Clause */
/* What happens at each port: link, owner, traffic, interrupts, mailbox. */
#include "serve.h"

#include <stdio.h>
#include <string.h>

#define STATS_MAX 16u

struct port_stats {
    struct sriov_stat stats[STATS_MAX];
    uint32_t n;
};

static uint64_t stat_of(const struct port_stats *stats, const char *name)
{
    for (uint32_t i = 0; i < stats->n; i++) {
        if (strcmp(stats->stats[i].name, name) == 0) {
            return stats->stats[i].value;
        }
    }
    return 0;
}

static struct port_stats stats_of(struct serve *serve, uint16_t vf)
{
    struct port_stats stats = {.n = 0};

    stats.n = sriov_pf_vf_stats(serve->pf, vf, stats.stats, STATS_MAX);
    stats.n = stats.n < STATS_MAX ? stats.n : STATS_MAX;
    return stats;
}

static const char *mailbox_of(const struct sriov_pf_vf_info *info)
{
    if (info->shut || info->limited) {
        return info->shut ? "shut down" : "limited";
    }
    return info->ready ? "ready" : "waiting";
}

static bool has_link(struct serve *serve, const struct sriov_pf_vf_info *info)
{
    struct sriov_link link = {0};

    return sriov_pf_get_link(serve->pf, &link) == 0 && link.up && info->link != SRIOV_PF_VF_LINK_DOWN;
}

static void put_client(json_t *object, const struct serve_port *port)
{
    struct sriov_vfu_counts counts = {.size = sizeof(counts)};

    (void)sriov_vfu_device_counts(port->device, &counts);
    out_flag(object, "connected", sriov_vfu_device_connected(port->device));
    out_number(object, "clients", counts.clients);
    out_number(object, "turned_away", counts.turned_away);
    out_number(object, "refused_messages", counts.refused);
    out_number(object, "broken_connections", counts.broken);
    out_number(object, "resets", counts.resets);
}

json_t *serve_view_port(struct serve *serve, uint16_t vf)
{
    const struct serve_port *port = &serve->ports[vf];
    struct sriov_pf_vf_info info = {.size = sizeof(info)};
    struct port_stats stats = stats_of(serve, vf);
    json_t *object = out_object();

    (void)sriov_pf_get_vf(serve->pf, vf, &info);
    out_number(object, "vf", vf);
    out_text(object, "link", has_link(serve, &info) ? "up" : "down");
    put_client(object, port);
    out_number(object, "rx_packets", stat_of(&stats, "rx_packets"));
    out_number(object, "rx_bytes", stat_of(&stats, "rx_bytes"));
    out_number(object, "tx_packets", stat_of(&stats, "tx_packets"));
    out_number(object, "tx_bytes", stat_of(&stats, "tx_bytes"));
    out_number(object, "drops",
               sriov_mock_rx_drops(serve->mock, port->function) + stat_of(&stats, "tx_spoofed"));
    out_number(object, "interrupts", sriov_mock_interrupts(serve->mock, port->function));
    out_text(object, "mailbox", mailbox_of(&info));
    return object;
}

json_t *serve_view(struct serve *serve)
{
    const char *text;
    json_t *object = out_object();
    json_t *array = out_array();

    for (uint16_t vf = 0; vf < serve->num_ports; vf++) {
        out_append(array, serve_view_port(serve, vf));
    }
    out_set(object, "ports", array);
    out_set(object, "wire", serve_wire_view(serve));
    out_number(object, "violations", world_violations(serve->cli->world, &text));
    return object;
}

static unsigned long long number_of(const json_t *object, const char *key)
{
    return (unsigned long long)json_integer_value(json_object_get(object, key));
}

void serve_view_line(FILE *to, const json_t *port)
{
    fprintf(to,
            "vf%llu: link %s, %s, rx %llu packets %llu bytes, tx %llu packets %llu bytes, %llu drops, %llu "
            "interrupts, mailbox %s\n",
            number_of(port, "vf"), json_string_value(json_object_get(port, "link")),
            json_is_true(json_object_get(port, "connected")) ? "a client" : "no client",
            number_of(port, "rx_packets"), number_of(port, "rx_bytes"), number_of(port, "tx_packets"),
            number_of(port, "tx_bytes"), number_of(port, "drops"), number_of(port, "interrupts"),
            json_string_value(json_object_get(port, "mailbox")));
}

void serve_view_summary(struct serve *serve)
{
    json_t *view = serve_view(serve);
    const json_t *ports = json_object_get(view, "ports");
    const json_t *wire = json_object_get(view, "wire");

    if (serve->cli->globals.json) {
        (void)json_dumpf(view, stdout, JSON_COMPACT);
        putchar('\n');
        json_decref(view);
        return;
    }
    for (size_t i = 0; i < json_array_size(ports); i++) {
        serve_view_line(stdout, json_array_get(ports, i));
    }
    if (json_is_object(wire)) {
        printf("%s: sent %llu, received %llu, lost %llu\n", json_string_value(json_object_get(wire, "name")),
               number_of(wire, "sent"), number_of(wire, "received"), number_of(wire, "lost"));
    }
    printf("%llu violations\n", number_of(view, "violations"));
    json_decref(view);
}
