/* SPDX-License-Identifier: BSD-3-Clause */
/* xenstore, as libxenstore gives it. */
#include "door.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <xenstore.h>

/* The library's own errno, which it leaves 0 now and then. */
static int failed(void)
{
    return errno != 0 ? -errno : -EIO;
}

static struct xs_handle *handle_of(struct sxen_store *store)
{
    return (struct xs_handle *)store;
}

int sxen_store_open(void *ctx, struct sxen_store **store, int *fd)
{
    (void)ctx;
    errno = 0;
    struct xs_handle *xs = xs_open(0);
    if (xs == NULL) {
        return failed();
    }
    int got = xs_fileno(xs);
    if (got < 0) {
        xs_close(xs);
        return -EMFILE;
    }
    *store = (struct sxen_store *)xs;
    *fd = got;
    return 0;
}

void sxen_store_close(void *ctx, struct sxen_store *store)
{
    (void)ctx;
    xs_close(handle_of(store));
}

int sxen_store_read(void *ctx, struct sxen_store *store, const char *path, char *text, size_t room)
{
    unsigned int length = 0;
    (void)ctx;
    errno = 0;
    char *got = xs_read(handle_of(store), XBT_NULL, path, &length);
    if (got == NULL) {
        return failed();
    }
    size_t n = length < room - 1 ? length : room - 1;
    memcpy(text, got, n);
    text[n] = '\0';
    free(got);
    return 0;
}

int sxen_store_list(void *ctx, struct sxen_store *store, const char *path,
                    int (*cb)(void *arg, const char *child), void *arg)
{
    unsigned int n = 0;
    int err = 0;
    (void)ctx;
    errno = 0;
    char **names = xs_directory(handle_of(store), XBT_NULL, path, &n);
    if (names == NULL) {
        return failed();
    }
    for (unsigned int i = 0; err >= 0 && i < n; i++) {
        err = cb(arg, names[i]);
    }
    free(names);
    return err < 0 ? err : 0;
}

int sxen_store_write(void *ctx, struct sxen_store *store, const char *path, const char *value)
{
    (void)ctx;
    errno = 0;
    bool done = value != NULL ? xs_write(handle_of(store), XBT_NULL, path, value, (unsigned int)strlen(value))
                              : xs_rm(handle_of(store), XBT_NULL, path);
    return done ? 0 : failed();
}

int sxen_store_watch(void *ctx, struct sxen_store *store, const char *path, const char *token)
{
    (void)ctx;
    errno = 0;
    return xs_watch(handle_of(store), path, token) ? 0 : failed();
}

static void copy(char *out, size_t room, const char *in)
{
    size_t n = strnlen(in, room - 1);
    memcpy(out, in, n);
    out[n] = '\0';
}

int sxen_store_next(void *ctx, struct sxen_store *store, char path[SXEN_STORE_PATH],
                    char token[SXEN_STORE_TOKEN])
{
    (void)ctx;
    char **fired = xs_check_watch(handle_of(store));
    if (fired == NULL) {
        return -EAGAIN;
    }
    copy(path, SXEN_STORE_PATH, fired[XS_WATCH_PATH]);
    copy(token, SXEN_STORE_TOKEN, fired[XS_WATCH_TOKEN]);
    free(fired);
    return 0;
}
