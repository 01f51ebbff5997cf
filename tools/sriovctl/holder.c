/* SPDX-License-Identifier: BSD-3-Clause */
#include "holder.h"

#include "parse.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#define ROOM     512
#define NUM_NODE 3

struct nodes {
    char path[NUM_NODE][ROOM];
};

static const char *or_default(const char *root, const char *standard)
{
    return root != NULL ? root : standard;
}

/* "vfio3" of the function's folder vfio-dev, which iommufd's node is called after; empty: none. */
static void own_node(const struct cli *cli, const char *bdf, char *name, size_t room)
{
    char path[ROOM];

    name[0] = '\0';
    (void)snprintf(path, sizeof(path), "%s/bus/pci/devices/%s/vfio-dev",
                   or_default(cli->globals.sysfs_root, "/sys"), bdf);
    DIR *dir = opendir(path);
    for (struct dirent *entry; dir != NULL && (entry = readdir(dir)) != NULL;) {
        if (strncmp(entry->d_name, "vfio", 4) == 0) {
            (void)snprintf(name, room, "%.60s", entry->d_name);
        }
    }
    if (dir != NULL) {
        (void)closedir(dir);
    }
}

static void name_nodes(const struct cli *cli, const struct sriov_fn_info *info, struct nodes *nodes)
{
    const char *dev = or_default(cli->globals.dev_root, "/dev");
    char own[64];

    memset(nodes, 0, sizeof(*nodes));
    if (info->iommu_group >= 0) {
        (void)snprintf(nodes->path[0], ROOM, "%s/vfio/%d", dev, info->iommu_group);
        (void)snprintf(nodes->path[1], ROOM, "%s/vfio/noiommu-%d", dev, info->iommu_group);
    }
    own_node(cli, info->name, own, sizeof(own));
    if (own[0] != '\0') {
        (void)snprintf(nodes->path[2], ROOM, "%s/vfio/devices/%s", dev, own);
    }
}

static bool leads_to(const char *link, const struct nodes *nodes, struct holder *holder)
{
    char target[ROOM];
    ssize_t len = readlink(link, target, sizeof(target) - 1);

    if (len <= 0) {
        return false;
    }
    target[len] = '\0';
    for (size_t i = 0; i < NUM_NODE; i++) {
        if (nodes->path[i][0] != '\0' && strcmp(target, nodes->path[i]) == 0) {
            (void)snprintf(holder->node, sizeof(holder->node), "%.*s", (int)sizeof(holder->node) - 1, target);
            return true;
        }
    }
    return false;
}

/* Does the process with that folder below proc have one of the nodes open? */
static bool holds(const char *process, const struct nodes *nodes, struct holder *holder)
{
    char path[ROOM];
    bool found = false;

    (void)snprintf(path, sizeof(path), "%s/fd", process);
    DIR *dir = opendir(path);
    for (struct dirent *entry; dir != NULL && !found && (entry = readdir(dir)) != NULL;) {
        char link[ROOM + sizeof(entry->d_name)];
        (void)snprintf(link, sizeof(link), "%s/%s", path, entry->d_name);
        found = leads_to(link, nodes, holder);
    }
    if (dir != NULL) {
        (void)closedir(dir);
    }
    return found;
}

static void read_program(const char *process, struct holder *holder)
{
    char path[ROOM];

    (void)snprintf(path, sizeof(path), "%s/comm", process);
    FILE *file = fopen(path, "r");
    if (file == NULL || fgets(holder->program, sizeof(holder->program), file) == NULL) {
        (void)snprintf(holder->program, sizeof(holder->program), "?");
    }
    holder->program[strcspn(holder->program, "\n")] = '\0';
    if (file != NULL) {
        (void)fclose(file);
    }
}

bool holder_find(const struct cli *cli, const struct sriov_fn_info *info, long not_pid, struct holder *holder)
{
    const char *proc = or_default(cli->globals.proc_root, "/proc");
    struct nodes nodes;
    bool found = false;
    DIR *dir = opendir(proc);

    name_nodes(cli, info, &nodes);
    for (struct dirent *entry; dir != NULL && !found && (entry = readdir(dir)) != NULL;) {
        char process[ROOM / 2];
        uint64_t pid;
        if (!parse_number(entry->d_name, &pid) || (long)pid == not_pid || (long)pid == (long)getpid()) {
            continue;
        }
        (void)snprintf(process, sizeof(process), "%.200s/%.20s", proc, entry->d_name);
        found = holds(process, &nodes, holder);
        if (found) {
            holder->pid = (long)pid;
            read_program(process, holder);
        }
    }
    if (dir != NULL) {
        (void)closedir(dir);
    }
    return found;
}
