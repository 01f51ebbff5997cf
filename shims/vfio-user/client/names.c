/* SPDX-License-Identifier: BSD-3-Clause */
/* The sockets, and the functions' names: the last components of their paths. */
#include "vfuc.h"

#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

static const char *name_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

static bool name_ok(const char *name)
{
    size_t n = strlen(name);
    return n != 0 && n < SRIOV_NAME_MAX && strcmp(name, ".") != 0 && strcmp(name, "..") != 0 &&
           strchr(name, '/') == NULL;
}

static int address_of(struct sockaddr_un *at, const char *dir, const char *name)
{
    at->sun_family = AF_UNIX;
    int n = snprintf(at->sun_path, sizeof(at->sun_path), "%s%s%s", dir, dir[0] != '\0' ? "/" : "", name);
    return n >= 0 && (size_t)n < sizeof(at->sun_path) ? 0 : -EINVAL;
}

static const char *path_of(const struct vfuc *client, const char *name)
{
    for (uint32_t i = 0; i < client->num_paths; i++) {
        if (strcmp(name_of(client->paths[i]), name) == 0) {
            return client->paths[i];
        }
    }
    return NULL;
}

/* num_paths counts those that are in. */
static int paths_take(struct vfuc *client, const struct sriov_vfu_client_opts *opts)
{
    client->paths = calloc(opts->num_paths, sizeof(*client->paths));
    if (client->paths == NULL) {
        return -ENOMEM;
    }
    for (uint32_t i = 0; i < opts->num_paths; i++) {
        struct sockaddr_un at;
        const char *path = opts->paths[i];
        if (path == NULL || !name_ok(name_of(path)) || address_of(&at, "", path) != 0 ||
            path_of(client, name_of(path)) != NULL) {
            return -EINVAL;
        }
        client->paths[i] = strdup(path);
        if (client->paths[i] == NULL) {
            return -ENOMEM;
        }
        client->num_paths++;
    }
    return 0;
}

int vfuc_names_take(struct vfuc *client, const struct sriov_vfu_client_opts *opts)
{
    bool list = opts->paths != NULL && opts->num_paths != 0;
    if (list == (opts->dir != NULL) || (opts->paths == NULL && opts->num_paths != 0)) {
        return -EINVAL;
    }
    if (list) {
        return paths_take(client, opts);
    }
    struct sockaddr_un at;
    if (opts->dir[0] == '\0' || address_of(&at, opts->dir, "x") != 0) {
        return -EINVAL;
    }
    client->dir = strdup(opts->dir);
    return client->dir != NULL ? 0 : -ENOMEM;
}

void vfuc_names_free(struct vfuc *client)
{
    for (uint32_t i = 0; i < client->num_paths; i++) {
        free(client->paths[i]);
    }
    free(client->paths);
    free(client->dir);
}

int vfuc_name_find(struct vfuc *client, const char *name, struct sockaddr_un *at)
{
    if (!name_ok(name)) {
        return -ENOENT;
    }
    if (client->dir != NULL) {
        return address_of(at, client->dir, name) == 0 ? 0 : -ENOENT;
    }
    const char *path = path_of(client, name);
    return path != NULL ? address_of(at, "", path) : -ENOENT;
}

/* A function that is open tells of itself; another is asked, and listed by its name alone where it does
 * not answer us (somebody else has it). */
static bool look(struct vfuc *client, const char *name, struct sriov_fn_info *info)
{
    struct sockaddr_un at;
    if (vfuc_fn_listed(client, name, info)) {
        return true;
    }
    if (vfuc_name_find(client, name, &at) != 0) {
        return false;
    }
    int err = vfuc_fn_probe(client, name, &at, info);
    return err == 0 || err == -EBUSY || err == -ETIMEDOUT;
}

static int enumerate_dir(struct vfuc *client, sriov_enum_cb cb, void *arg)
{
    DIR *dir = opendir(client->dir);
    int stop = 0;
    if (dir == NULL) {
        return errno == ENOENT || errno == ENOTDIR ? 0 : -EPERM;
    }
    for (struct dirent *entry; stop == 0 && (entry = readdir(dir)) != NULL;) {
        struct sriov_fn_info info;
        struct stat st;
        if (fstatat(dirfd(dir), entry->d_name, &st, 0) == 0 && S_ISSOCK(st.st_mode) &&
            look(client, entry->d_name, &info)) {
            stop = cb(arg, &info);
        }
    }
    closedir(dir);
    return stop;
}

int vfuc_op_enumerate(void *vmm, sriov_enum_cb cb, void *arg)
{
    struct vfuc *client = vmm;
    if (client->dir != NULL) {
        return enumerate_dir(client, cb, arg);
    }
    int stop = 0;
    for (uint32_t i = 0; stop == 0 && i < client->num_paths; i++) {
        struct sriov_fn_info info;
        if (look(client, name_of(client->paths[i]), &info)) {
            stop = cb(arg, &info);
        }
    }
    return stop;
}
