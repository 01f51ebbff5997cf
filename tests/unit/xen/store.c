/* SPDX-License-Identifier: BSD-3-Clause */
/* The fake domain's xenstore: nodes, watches and what has fired. */
#include "fake.h"

#include <errno.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <cmocka.h>

int fake_store_open(void *ctx, struct sxen_store **store, int *fd)
{
    struct fake *fake = ctx;
    if (fake_due(fake)) {
        return fake->fail_err;
    }
    if (fake->no_store) {
        return -ENOENT;
    }
    if (fake->live_stores++ == 0) {
        fake->store_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    }
    *store = (struct sxen_store *)fake;
    *fd = fake->store_fd;
    return 0;
}

void fake_store_close(void *ctx, struct sxen_store *store)
{
    struct fake *fake = ctx;
    assert_ptr_equal(store, fake);
    if (--fake->live_stores == 0) {
        close(fake->store_fd);
        fake->store_fd = -1;
        fake->num_fired = 0;
        memset(fake->watches, 0, sizeof(fake->watches));
    }
}

static struct fake_node *node_at(struct fake *fake, const char *path)
{
    for (uint32_t i = 0; i < FAKE_NODES; i++) {
        if (strcmp(fake->nodes[i].path, path) == 0) {
            return &fake->nodes[i];
        }
    }
    return NULL;
}

int fake_store_read(void *ctx, struct sxen_store *store, const char *path, char *text, size_t room)
{
    struct fake *fake = ctx;
    (void)store;
    if (fake_due(fake)) {
        return fake->fail_err;
    }
    const struct fake_node *node = node_at(fake, path);
    if (node == NULL) {
        return -ENOENT;
    }
    snprintf(text, room, "%s", node->value);
    return 0;
}

int fake_store_list(void *ctx, struct sxen_store *store, const char *path,
                    int (*cb)(void *arg, const char *child), void *arg)
{
    struct fake *fake = ctx;
    size_t n = strlen(path);
    char last[64] = "";
    int err = 0;
    bool any = false;
    (void)store;
    if (fake_due(fake)) {
        return fake->fail_err;
    }
    for (uint32_t i = 0; i < FAKE_NODES && err >= 0; i++) {
        const char *at = fake->nodes[i].path;
        if (strncmp(at, path, n) != 0 || at[n] != '/') {
            continue;
        }
        char child[64];
        snprintf(child, sizeof(child), "%.*s", (int)strcspn(at + n + 1, "/"), at + n + 1);
        if (strcmp(child, last) != 0) {
            memcpy(last, child, sizeof(last));
            err = cb(arg, child);
        }
        any = true;
    }
    return !any ? -ENOENT : err < 0 ? err : 0;
}

static void fire(struct fake *fake, const struct fake_firing *watch, const char *path)
{
    uint64_t one = 1;
    assert_true(fake->num_fired < FAKE_FIRED);
    struct fake_firing *fired = &fake->fired[fake->num_fired++];
    *fired = *watch;
    snprintf(fired->path, sizeof(fired->path), "%s", path);
    assert_int_equal(write(fake->store_fd, &one, sizeof(one)), sizeof(one));
}

int fake_store_watch(void *ctx, struct sxen_store *store, const char *path, const char *token)
{
    struct fake *fake = ctx;
    struct fake_firing *watch = fake->watches;
    (void)store;
    if (fake_due(fake)) {
        return fake->fail_err;
    }
    while (watch->path[0] != '\0') {
        watch++;
        assert_true(watch < fake->watches + FAKE_WATCHES);
    }
    snprintf(watch->path, sizeof(watch->path), "%s", path);
    snprintf(watch->token, sizeof(watch->token), "%s", token);
    fire(fake, watch, path);
    return 0;
}

int fake_store_next(void *ctx, struct sxen_store *store, char path[SXEN_STORE_PATH],
                    char token[SXEN_STORE_TOKEN])
{
    struct fake *fake = ctx;
    uint64_t count;
    (void)store;
    if (fake_due(fake)) {
        return fake->fail_err;
    }
    if (fake->num_fired == 0) {
        (void)!read(fake->store_fd, &count, sizeof(count));
        return -EAGAIN;
    }
    snprintf(path, SXEN_STORE_PATH, "%s", fake->fired[0].path);
    memcpy(token, fake->fired[0].token, SXEN_STORE_TOKEN);
    fake->num_fired--;
    memmove(fake->fired, fake->fired + 1, fake->num_fired * sizeof(fake->fired[0]));
    return 0;
}

static bool below(const char *path, const char *folder)
{
    size_t n = strlen(folder);
    return strncmp(path, folder, n) == 0 && (path[n] == '\0' || path[n] == '/');
}

void fake_store_write(struct fake *fake, const char *path, const char *value)
{
    struct fake_node *node = node_at(fake, path);
    node = node != NULL ? node : node_at(fake, "");
    assert_non_null(node);
    snprintf(node->path, sizeof(node->path), "%s", value != NULL ? path : "");
    snprintf(node->value, sizeof(node->value), "%s", value != NULL ? value : "");
    for (uint32_t i = 0; i < FAKE_WATCHES; i++) {
        if (fake->watches[i].path[0] != '\0' && below(path, fake->watches[i].path)) {
            fire(fake, &fake->watches[i], path);
        }
    }
}

int fake_store_put(void *ctx, struct sxen_store *store, const char *path, const char *value)
{
    struct fake *fake = ctx;
    (void)store;
    /* As xenstored wants a path to be. */
    assert_int_equal(strspn(path, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-/_@:"),
                     strlen(path));
    /* A note that goes always goes: a sweep would find a domain with stale ones, which is another test. */
    if (value != NULL && fake_due(fake)) {
        return fake->fail_err;
    }
    if (value == NULL && node_at(fake, path) == NULL) {
        return -ENOENT;
    }
    fake_store_write(fake, path, value);
    return 0;
}

void fake_store_again(struct fake *fake)
{
    for (uint32_t i = 0; i < FAKE_WATCHES; i++) {
        if (fake->watches[i].path[0] != '\0') {
            fire(fake, &fake->watches[i], fake->watches[i].path);
        }
    }
}

void fake_timer_ends(struct fake *fake)
{
    uint64_t one = 1;
    assert_int_equal(write(fake->clock_fd, &one, sizeof(one)), sizeof(one));
}
