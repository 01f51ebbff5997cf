/* SPDX-License-Identifier: BSD-3-Clause */
#include "qmp.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

#define SECOND    UINT64_C(1000000000)
#define PATH_SHOW 160
#define READ_STEP 4096u

struct qmp {
    int fd;
    json_int_t id;
    char *bytes; /* read and not yet taken: [begin, end) of room */
    size_t begin;
    size_t end;
    size_t room;
    qmp_event_cb cb;
    void *cb_arg;
    uint64_t event_ns; /* of the event that the watcher sees; monotonic */
    char path[sizeof(((struct sockaddr_un *)NULL)->sun_path)];
    char version[32];
};

uint64_t qmp_now(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * SECOND + (uint64_t)now.tv_nsec;
}

void qmp_plain(char *text)
{
    for (char *c = text; *c != '\0'; c++) {
        if ((unsigned char)*c < ' ' || (unsigned char)*c > '~') {
            *c = '?';
        }
    }
}

uint64_t qmp_deadline(uint64_t in_ns)
{
    uint64_t now = qmp_now();

    return in_ns < UINT64_MAX - now ? now + in_ns : UINT64_MAX;
}

/* ---- bytes ---- */

/* 0 when ready; rounds up, so that it never returns early and spins. */
static int wait_ready(struct qmp *qmp, short events, uint64_t deadline, char *why)
{
    for (;;) {
        uint64_t now = qmp_now();
        uint64_t left = now < deadline ? (deadline - now) / 1000000 + 1 : 0;
        struct pollfd poll_fd = {.fd = qmp->fd, .events = events};
        int n = poll(&poll_fd, 1, left < 1000 ? (int)left : 1000);

        if (cli_interrupted()) {
            (void)snprintf(why, CLI_WHY_MAX, "%.*s: interrupted", PATH_SHOW, qmp->path);
            return -EINTR;
        }
        if (n > 0) {
            return 0;
        }
        if (now >= deadline) {
            (void)snprintf(why, CLI_WHY_MAX, "%.*s: QEMU does not answer in time; is it stopped or busy?",
                           PATH_SHOW, qmp->path);
            return -ETIMEDOUT;
        }
    }
}

static int closed(const struct qmp *qmp, char *why)
{
    (void)snprintf(why, CLI_WHY_MAX, "%.*s: QEMU closed the connection; look at its log", PATH_SHOW,
                   qmp->path);
    return -ECONNRESET;
}

static int not_qmp(const struct qmp *qmp, const char *what, char *why)
{
    (void)snprintf(why, CLI_WHY_MAX, "%.*s: %s; give the socket of QEMU's -qmp option", PATH_SHOW, qmp->path,
                   what);
    return -EPROTO;
}

static int send_all(struct qmp *qmp, const char *text, size_t len, uint64_t deadline, char *why)
{
    while (len > 0) {
        int rc = wait_ready(qmp, POLLOUT, deadline, why);
        if (rc != 0) {
            return rc;
        }
        ssize_t n = send(qmp->fd, text, len, MSG_NOSIGNAL);
        if (n < 0 && errno != EAGAIN && errno != EINTR) {
            return closed(qmp, why);
        }
        text += n > 0 ? n : 0;
        len -= n > 0 ? (size_t)n : 0;
    }
    return 0;
}

/* Room for one more read behind what is there. */
static int make_room(struct qmp *qmp, char *why)
{
    size_t held = qmp->end - qmp->begin;

    if (qmp->begin > 0) {
        memmove(qmp->bytes, qmp->bytes + qmp->begin, held);
        qmp->begin = 0;
        qmp->end = held;
    }
    if (held >= QMP_LINE_MAX) {
        return not_qmp(qmp, "what it sends has lines of over a megabyte", why);
    }
    if (qmp->room - held >= READ_STEP) {
        return 0;
    }
    char *bytes = realloc(qmp->bytes, 2 * qmp->room + READ_STEP);
    if (bytes == NULL) {
        (void)snprintf(why, CLI_WHY_MAX, "%.*s: out of memory", PATH_SHOW, qmp->path);
        return -ENOMEM;
    }
    qmp->bytes = bytes;
    qmp->room = 2 * qmp->room + READ_STEP;
    return 0;
}

static int read_some(struct qmp *qmp, uint64_t deadline, char *why)
{
    int rc = make_room(qmp, why);

    rc = rc != 0 ? rc : wait_ready(qmp, POLLIN, deadline, why);
    if (rc != 0) {
        return rc;
    }
    ssize_t n = read(qmp->fd, qmp->bytes + qmp->end, qmp->room - qmp->end);
    if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) {
        return closed(qmp, why);
    }
    qmp->end += n > 0 ? (size_t)n : 0;
    return 0;
}

/* The next line in place; valid until the next read. */
static int read_line(struct qmp *qmp, uint64_t deadline, const char **line, size_t *len, char *why)
{
    size_t looked = 0;

    for (;;) {
        const char *from = qmp->bytes != NULL ? qmp->bytes + qmp->begin : NULL;
        size_t held = qmp->end - qmp->begin;
        const char *newline = held > looked ? memchr(from + looked, '\n', held - looked) : NULL;
        if (newline != NULL) {
            *line = from;
            *len = (size_t)(newline - from);
            qmp->begin += *len + 1;
            return 0;
        }
        looked = held;
        int rc = read_some(qmp, deadline, why);
        if (rc != 0) {
            return rc;
        }
    }
}

/* ---- messages ---- */

/* The next object that came; the caller's, also when the deadline is just over: an event is not told twice.
 */
static int read_message(struct qmp *qmp, uint64_t deadline, json_t **message, char *why)
{
    const char *line;
    size_t len;
    int rc = read_line(qmp, deadline, &line, &len, why);

    if (rc != 0) {
        return rc;
    }
    *message = json_loadb(line, len, 0, NULL);
    if (!json_is_object(*message)) {
        json_decref(*message);
        return not_qmp(qmp, "what listens there does not speak QMP", why);
    }
    return 0;
}

/* A peer that only chatters is held to the deadline, too. */
static int only_events(const struct qmp *qmp, uint64_t deadline, char *why)
{
    if (qmp_now() <= deadline) {
        return 0;
    }
    (void)snprintf(why, CLI_WHY_MAX, "%.*s: QEMU sends events, but no answer in time", PATH_SHOW, qmp->path);
    return -ETIMEDOUT;
}

/* QEMU stamps an event with the time of day. A stamp that is none, or is to come, means now. */
static uint64_t event_time(const json_t *message)
{
    const json_t *stamp = json_object_get(message, "timestamp");
    json_int_t seconds = json_integer_value(json_object_get(stamp, "seconds"));
    json_int_t micros = json_integer_value(json_object_get(stamp, "microseconds"));
    uint64_t now = qmp_now();
    struct timespec wall;

    (void)clock_gettime(CLOCK_REALTIME, &wall);
    if (seconds <= 0 || seconds > wall.tv_sec || micros < 0 || micros >= 1000000) {
        return now;
    }
    int64_t since =
        ((int64_t)wall.tv_sec - seconds) * (int64_t)SECOND + (int64_t)wall.tv_nsec - micros * 1000;
    return since > 0 && (uint64_t)since < now ? now - (uint64_t)since : now;
}

/* True: it was an event, and its watcher has seen it. */
static bool took_event(struct qmp *qmp, const json_t *message)
{
    const char *name = json_string_value(json_object_get(message, "event"));

    if (name == NULL) {
        return false;
    }
    qmp->event_ns = event_time(message);
    if (qmp->cb != NULL) {
        qmp->cb(qmp->cb_arg, name, json_object_get(message, "data"));
    }
    return true;
}

static int refused(const struct qmp *qmp, const char *command, const json_t *error, char *why)
{
    const char *class = json_string_value(json_object_get(error, "class"));
    const char *desc = json_string_value(json_object_get(error, "desc"));
    char words[CLI_WHY_MAX / 2];

    (void)snprintf(words, sizeof(words), "%.60s: %.180s", class != NULL ? class : "no class",
                   desc != NULL ? desc : "no reason given");
    qmp_plain(words);
    (void)snprintf(why, CLI_WHY_MAX, "%.*s: QEMU refuses %s: %s", PATH_SHOW, qmp->path, command, words);
    return -EREMOTEIO;
}

static int take_answer(struct qmp *qmp, const char *command, const json_t *message, json_t **result,
                       char *why)
{
    const json_t *id = json_object_get(message, "id");
    const json_t *error = json_object_get(message, "error");
    json_t *value = json_object_get(message, "return");

    if (!json_is_integer(id) || json_integer_value(id) != qmp->id || (value == NULL) == (error == NULL)) {
        return not_qmp(qmp, "its answer is not one to what was asked", why);
    }
    if (error != NULL) {
        return refused(qmp, command, error, why);
    }
    if (result != NULL) {
        *result = json_incref(value);
    }
    return 0;
}

static int send_command(struct qmp *qmp, const char *command, json_t *arguments, uint64_t deadline, char *why)
{
    json_t *request = out_object();

    out_text(request, "execute", command);
    if (arguments != NULL) {
        out_set(request, "arguments", arguments);
    }
    out_set(request, "id", json_integer(++qmp->id));
    char *text = json_dumps(request, JSON_COMPACT | JSON_ENSURE_ASCII);
    json_decref(request);
    if (text == NULL) {
        (void)snprintf(why, CLI_WHY_MAX, "out of memory");
        return -ENOMEM;
    }
    int rc = send_all(qmp, text, strlen(text), deadline, why);
    free(text);
    return rc != 0 ? rc : send_all(qmp, "\n", 1, deadline, why);
}

int qmp_execute(struct qmp *qmp, const char *command, json_t *arguments, uint64_t deadline_ns,
                json_t **result, char *why)
{
    json_t *message;
    int rc = send_command(qmp, command, arguments, deadline_ns, why);

    while (rc == 0) {
        rc = read_message(qmp, deadline_ns, &message, why);
        if (rc != 0) {
            break;
        }
        if (!took_event(qmp, message)) {
            rc = take_answer(qmp, command, message, result, why);
            json_decref(message);
            break;
        }
        json_decref(message);
        rc = only_events(qmp, deadline_ns, why);
    }
    return rc;
}

int qmp_wait(struct qmp *qmp, const bool *done, uint64_t deadline_ns, char *why)
{
    json_t *message;

    while (!*done) {
        int rc = read_message(qmp, deadline_ns, &message, why);
        bool event = rc == 0 && took_event(qmp, message);
        if (rc == 0) {
            json_decref(message);
            rc = !event  ? not_qmp(qmp, "it answers what was not asked", why)
                 : *done ? 0
                         : only_events(qmp, deadline_ns, why);
        }
        if (rc != 0) {
            why[0] = rc == -ETIMEDOUT ? '\0' : why[0];
            return rc;
        }
    }
    return 0;
}

/* ---- connecting ---- */

struct reason {
    int err;
    const char *text;
};

static int cannot_connect(const char *path, int err, char *why)
{
    static const struct reason reasons[] = {
        {ENOENT, "there is no such socket; start QEMU with -qmp unix:PATH,server=on,wait=off"},
        {ENOTDIR, "there is no such socket; start QEMU with -qmp unix:PATH,server=on,wait=off"},
        {EACCES, "no permission; run as root or as the user that QEMU runs as"},
        {ECONNREFUSED, "nobody listens there; has QEMU ended?"},
        {ENOTSOCK, "is no socket; give the one of QEMU's -qmp option"},
        {EPROTOTYPE, "is not a stream socket; give the one of QEMU's -qmp option"},
        {EAGAIN, "others wait there already; another program has this monitor: give QEMU a second -qmp"},
    };

    for (size_t i = 0; i < sizeof(reasons) / sizeof(reasons[0]); i++) {
        if (reasons[i].err == err) {
            (void)snprintf(why, CLI_WHY_MAX, "%.*s: %s", PATH_SHOW, path, reasons[i].text);
            return -err;
        }
    }
    (void)snprintf(why, CLI_WHY_MAX, "%.*s: cannot connect: %s", PATH_SHOW, path, strerror(err));
    return -err;
}

/* connect() says "refused" of a plain file, too. */
static int connect_to(struct qmp *qmp, char *why)
{
    struct sockaddr_un address = {.sun_family = AF_UNIX};
    struct stat status;

    memcpy(address.sun_path, qmp->path, sizeof(address.sun_path));
    if (stat(qmp->path, &status) == 0 && !S_ISSOCK(status.st_mode)) {
        return cannot_connect(qmp->path, ENOTSOCK, why);
    }
    qmp->fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (qmp->fd < 0 || connect(qmp->fd, (const struct sockaddr *)&address, sizeof(address)) != 0) {
        return cannot_connect(qmp->path, errno, why);
    }
    return 0;
}

static void take_version(struct qmp *qmp, const json_t *greeting)
{
    json_int_t part[3] = {0};

    (void)snprintf(qmp->version, sizeof(qmp->version), "unknown");
    if (json_unpack((json_t *)greeting, "{s:{s:{s:I,s:I,s:I}}}", "version", "qemu", "major", &part[0],
                    "minor", &part[1], "micro", &part[2]) == 0) {
        (void)snprintf(qmp->version, sizeof(qmp->version), "%" PRIu16 ".%" PRIu16 ".%" PRIu16,
                       (uint16_t)part[0], (uint16_t)part[1], (uint16_t)part[2]);
    }
}

/* QEMU serves one client at a time: a second one connects and hears nothing. */
static int be_greeted(struct qmp *qmp, uint64_t deadline, char *why)
{
    json_t *message;
    int rc = read_message(qmp, deadline, &message, why);

    if (rc == -ETIMEDOUT) {
        (void)snprintf(why, CLI_WHY_MAX,
                       "%.*s: no greeting; QEMU stands still, or another program has this monitor: give it a "
                       "second -qmp",
                       PATH_SHOW, qmp->path);
    }
    if (rc != 0) {
        return rc;
    }
    const json_t *greeting = json_object_get(message, "QMP");
    if (greeting == NULL) {
        rc = not_qmp(qmp, "what listens there does not greet as QMP does", why);
    } else {
        take_version(qmp, greeting);
    }
    json_decref(message);
    return rc;
}

int qmp_open(const char *path, struct qmp **out, char *why)
{
    struct qmp *qmp = calloc(1, sizeof(*qmp));
    uint64_t deadline = qmp_deadline(QMP_GREETING_MAX);

    why[0] = '\0';
    if (qmp == NULL) {
        (void)snprintf(why, CLI_WHY_MAX, "out of memory");
        return -ENOMEM;
    }
    qmp->fd = -1;
    int rc = -ENAMETOOLONG;
    if (strlen(path) < sizeof(qmp->path)) {
        memcpy(qmp->path, path, strlen(path) + 1);
        rc = connect_to(qmp, why);
    } else {
        (void)cannot_connect(path, ENAMETOOLONG, why);
    }
    rc = rc != 0 ? rc : be_greeted(qmp, deadline, why);
    rc = rc != 0 ? rc : qmp_execute(qmp, "qmp_capabilities", NULL, deadline, NULL, why);
    if (rc != 0) {
        qmp_close(qmp);
        return rc;
    }
    *out = qmp;
    return 0;
}

void qmp_close(struct qmp *qmp)
{
    if (qmp == NULL) {
        return;
    }
    if (qmp->fd >= 0) {
        (void)close(qmp->fd);
    }
    free(qmp->bytes);
    free(qmp);
}

const char *qmp_version(const struct qmp *qmp)
{
    return qmp->version;
}

long qmp_peer(const struct qmp *qmp)
{
    struct ucred peer = {.pid = 0};
    socklen_t len = sizeof(peer);

    return getsockopt(qmp->fd, SOL_SOCKET, SO_PEERCRED, &peer, &len) == 0 ? (long)peer.pid : 0;
}

uint64_t qmp_event_ns(const struct qmp *qmp)
{
    return qmp->event_ns;
}

void qmp_watch(struct qmp *qmp, qmp_event_cb cb, void *arg)
{
    qmp->cb = cb;
    qmp->cb_arg = arg;
}
