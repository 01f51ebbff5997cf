/* SPDX-License-Identifier: BSD-3-Clause */
/* sriovctl stream: numbered frames both ways between two of these, over a function or a pair of VF and
 * standby. */
#include "commands.h"
#include "stream_port.h"
#include "stream_run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#define NS_PER_S UINT64_C(1000000000)
#define BURST    64u

struct stream_values {
    const char *match;
    const char *standby;
    const char *series;
    uint32_t address;
    uint64_t rate;
    uint64_t size;
    uint64_t duration_ns;
    uint64_t link_wait_ns;
    uint64_t drain_ns;
    uint64_t settle_ns;
    uint64_t quiet_ns;
    uint64_t silence_ns;
    bool follow;
    bool no_announce;
};

#define STREAM(member) .offset = offsetof(struct stream_values, member)
#define TIME_OPTION(option, text, member)                                                                    \
    {                                                                                                        \
        .name = option, .value = "TIME", .help = text, STREAM(member), .kind = OPTION_TIME                   \
    }

static const struct option_spec options[] = {
    {.name = "follow",
     .help = "wait for the other's hello, and end with it",
     STREAM(follow),
     .kind = OPTION_FLAG},
    {.name = "rate",
     .value = "N",
     .help = "frames a second each way (1000)",
     STREAM(rate),
     .kind = OPTION_NUMBER,
     .least = 1,
     .most = 1000000},
    {.name = "size",
     .letter = 's',
     .value = "N",
     .help = "bytes of a frame (128)",
     STREAM(size),
     .kind = OPTION_NUMBER,
     .least = STREAM_FRAME_LEAST,
     .most = STREAM_FRAME_MOST},
    TIME_OPTION("duration", "end after that time", duration_ns),
    {.name = "vf-match",
     .value = "VENDOR:DEVICE",
     .help = "a pair: its VF, whenever there is one, e.g. 8086:10ed",
     STREAM(match),
     .kind = OPTION_TEXT},
    {.name = "standby",
     .value = "netdev:IFACE|virtio:BDF",
     .help = "a pair: what carries traffic meanwhile",
     STREAM(standby),
     .kind = OPTION_TEXT},
    {.name = "address",
     .value = "IP",
     .help = "a pair: announced at each switch",
     STREAM(address),
     .kind = OPTION_IP},
    {.name = "no-announce",
     .help = "a pair: its traffic alone tells the network of a switch",
     STREAM(no_announce),
     .kind = OPTION_FLAG},
    TIME_OPTION("drain", "a pair: for the old device to send what it has", drain_ns),
    TIME_OPTION("settle", "a pair: for the old device to receive what is under way", settle_ns),
    TIME_OPTION("quiet", "a pair: no frame for so long ends that", quiet_ns),
    TIME_OPTION("silence", "a pair: nothing is sent for so long between the two (none)", silence_ns),
    TIME_OPTION("link-wait", "for the link to come up (10s)", link_wait_ns),
    {.name = "series",
     .value = "FILE",
     .help = "longest gap of each 50 ms, for a plot",
     STREAM(series),
     .kind = OPTION_TEXT},
    {.name = NULL},
};

static void defaults(void *place)
{
    struct stream_values *values = place;

    values->rate = 1000;
    values->size = 128;
    values->link_wait_ns = 10 * NS_PER_S;
}

struct stream {
    struct cli *cli;
    const struct stream_values *values;
    struct stream_port *port;
    struct stream_run run;
    json_t *events;
    uint64_t begin_ns;
    uint64_t next_line_ns;
    uint64_t longest_turn_ns; /* between two looks: how late this process itself was */
    uint64_t last_turn_ns;
};

static uint64_t now_ns(void)
{
    struct timespec now;

    (void)clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * NS_PER_S + (uint64_t)now.tv_nsec;
}

static void on_tell(void *arg, const char *text)
{
    struct stream *stream = arg;
    json_t *object = out_object();

    cli_note("%.3f s: %s", (double)(now_ns() - stream->begin_ns) / 1e9, text);
    out_text(object, "event", text);
    out_number(object, "at_ns", now_ns());
    out_append(stream->events, object);
}

static bool on_send(void *arg, const uint8_t *bytes, uint32_t len)
{
    struct stream *stream = arg;

    return stream_port_send(stream->port, bytes, len);
}

/* ---- running ---- */

static void show_line(struct stream *stream, uint64_t now)
{
    const struct stream_account *account = &stream->run.account;

    if (now < stream->next_line_ns) {
        return;
    }
    stream->next_line_ns = now + NS_PER_S;
    cli_note("%.1f s: by %s: sent %llu, received %llu, lost %llu, duplicated %llu, reordered %llu, longest "
             "gap %.1f ms",
             (double)(now - stream->begin_ns) / 1e9, stream_port_active(stream->port),
             (unsigned long long)stream->run.sent, (unsigned long long)account->received,
             (unsigned long long)account->lost, (unsigned long long)account->duplicated,
             (unsigned long long)account->reordered, (double)account->longest_gap_ns / 1e6);
}

static void receive_all(struct stream *stream)
{
    static uint8_t bytes[STREAM_FRAME_MOST];
    uint32_t len = 1;

    for (uint32_t i = 0; i < BURST && len != 0; i++) {
        len = stream_port_receive(stream->port, bytes, sizeof(bytes));
        if (len != 0) {
            stream_run_take(&stream->run, bytes, len, now_ns());
        }
    }
}

static bool turn(struct stream *stream)
{
    const struct stream_values *values = stream->values;
    bool goes_on = stream_port_poll(stream->port);
    uint64_t now = now_ns();

    if (now - stream->last_turn_ns > stream->longest_turn_ns) {
        stream->longest_turn_ns = now - stream->last_turn_ns;
    }
    stream->last_turn_ns = now;
    stream->run.own = stream_port_mac(stream->port);
    receive_all(stream);
    stream_run_turn(&stream->run, now_ns());
    if (cli_interrupted() || (values->duration_ns != 0 && now - stream->begin_ns >= values->duration_ns)) {
        stream_run_end(&stream->run, now);
    }
    show_line(stream, now);
    return goes_on && stream->run.phase != STREAM_OVER;
}

/* ---- the report ---- */

static json_t *losses_of(const struct stream_account *account)
{
    json_t *array = out_array();

    for (uint32_t i = 0; i < account->num_losses; i++) {
        const struct stream_loss *loss = &account->losses[i];
        json_t *object = out_object();
        if (loss->count == 0) {
            json_decref(object);
            continue;
        }
        out_number(object, "first", loss->first);
        out_number(object, "count", loss->count);
        out_number(object, "sent_before_ns", loss->before_ns);
        out_number(object, "sent_after_ns", loss->after_ns);
        out_append(array, object);
    }
    return array;
}

static json_t *direction(const struct stream_summary *books, uint64_t sent)
{
    json_t *object = out_object();

    out_number(object, "sent", sent);
    out_number(object, "received", books->received);
    out_number(object, "lost", books->lost);
    out_number(object, "duplicated", books->duplicated);
    out_number(object, "reordered", books->reordered);
    out_number(object, "longest_gap_ns", books->longest_gap_ns);
    return object;
}

static json_t *report_of(struct stream *stream)
{
    const struct stream_run *run = &stream->run;
    const struct stream_account *account = &run->account;
    const struct stream_summary ours = {.received = account->received,
                                        .lost = account->lost,
                                        .duplicated = account->duplicated,
                                        .reordered = account->reordered,
                                        .longest_gap_ns = account->longest_gap_ns};
    json_t *report = out_object();

    out_text(report, "role", run->leads ? "leader" : "follower");
    out_number(report, "rate", run->rate);
    out_number(report, "elapsed_ns", now_ns() - stream->begin_ns);
    out_flag(report, "ended_by_both", run->told);
    out_set(report, "received_from_other", direction(&ours, run->told ? run->theirs.sent : 0));
    out_set(report, "received_by_other", run->told ? direction(&run->theirs, run->sent) : json_null());
    out_number(report, "sent", run->sent);
    out_number(report, "skipped", run->skipped);
    out_number(report, "turned_away", run->turned_away);
    out_number(report, "foreign", run->foreign);
    out_number(report, "longest_gap_at", account->longest_gap_at_ns);
    out_number(report, "longest_turn_ns", stream->longest_turn_ns);
    out_set(report, "losses", losses_of(account));
    out_flag(report, "more_losses", account->more_losses);
    out_set(report, "pair", stream_port_report(stream->port));
    out_set(report, "events", json_incref(stream->events));
    return report;
}

/* Seconds of this machine's monotonic clock, the longest gap in milliseconds, frames: a line each 50 ms. */
static int write_series(struct stream *stream)
{
    const struct stream_account *account = &stream->run.account;
    FILE *file = stream->values->series != NULL ? fopen(stream->values->series, "w") : NULL;

    if (stream->values->series == NULL) {
        return CLI_OK;
    }
    if (file == NULL) {
        return cli_fail_as(stream->cli, CLI_FAILED, "%.200s: %s; choose a place you may write to",
                           stream->values->series, strerror(errno));
    }
    uint64_t last = account->received != 0 ? (account->last_ns - account->begin_ns) / STREAM_BUCKET_NS : 0;
    for (uint64_t i = 0; i <= last && i < STREAM_BUCKETS; i++) {
        double at = (double)(account->begin_ns + i * STREAM_BUCKET_NS) / 1e9;
        (void)fprintf(file, "%.3f %.3f %u\n", at, (double)account->buckets[i].gap_us / 1e3,
                      account->buckets[i].frames);
    }
    return fclose(file) == 0 ? CLI_OK : CLI_FAILED;
}

static bool is_well(const struct stream *stream)
{
    const struct stream_run *run = &stream->run;
    const struct stream_account *account = &run->account;

    return run->told && account->received != 0 && account->lost == 0 && account->duplicated == 0 &&
           run->theirs.lost == 0 && run->theirs.duplicated == 0;
}

/* ---- the command ---- */

static int check(struct cli *cli, const struct stream_values *values)
{
    bool pair = values->match != NULL;

    if (pair == (cli->num_words == 1)) {
        return cli_fail(cli, "stream wants a VF, or --vf-match VENDOR:DEVICE and --standby for a pair");
    }
    if (!pair && (values->standby != NULL || values->address != 0)) {
        return cli_fail(cli, "--standby and --address belong to a pair: give --vf-match instead of a VF");
    }
    if (pair && (cli_is_mock(cli) || cli_is_vfu(cli))) {
        return cli_fail(cli, "a pair is of this host's functions: leave --shim out");
    }
    if (cli_is_mock(cli)) {
        return cli_fail(cli,
                        "stream has two ends, and no simulated network reaches from one process to another: "
                        "use --shim vfio-user and sriovctl serve");
    }
    return CLI_OK;
}

static void set_up(struct stream *stream)
{
    const struct stream_values *values = stream->values;
    struct stream_run *run = &stream->run;

    run->leads = !values->follow;
    run->run = (uint32_t)(now_ns() >> 10) ^ (uint32_t)getpid() << 16;
    run->rate = (uint32_t)values->rate;
    run->length = (uint16_t)values->size;
    run->own = stream_port_mac(stream->port);
    run->send = on_send;
    run->arg = stream;
    stream->last_turn_ns = now_ns();
    stream->next_line_ns = stream->last_turn_ns + NS_PER_S;
    stream_run_begin(run, stream->last_turn_ns);
}

static int go(struct stream *stream)
{
    const struct stream_values *values = stream->values;
    const struct stream_port_opts opts = {.word = stream->cli->num_words == 1 ? stream->cli->words[0] : NULL,
                                          .match = values->match,
                                          .standby = values->standby,
                                          .address = values->address,
                                          .no_announce = values->no_announce,
                                          .link_wait_ns = values->link_wait_ns,
                                          .drain_ns = values->drain_ns,
                                          .settle_ns = values->settle_ns,
                                          .quiet_ns = values->quiet_ns,
                                          .silence_ns = values->silence_ns,
                                          .tell = on_tell,
                                          .arg = stream};
    int status = stream_port_open(stream->cli, &opts, &stream->port);

    if (status != CLI_OK) {
        return status;
    }
    set_up(stream);
    cli_note("ready");
    while (turn(stream)) {
    }
    json_t *report = report_of(stream);
    status = write_series(stream);
    stream_port_close(stream->port);
    out_print(report, stream->cli->globals.json);
    return is_well(stream) ? status : CLI_FAILED;
}

static int run(struct cli *cli, const void *values)
{
    int status = check(cli, values);
    struct stream *stream = status == CLI_OK ? calloc(1, sizeof(*stream)) : NULL;

    if (status != CLI_OK) {
        return status;
    }
    if (stream == NULL) {
        return cli_fail(cli, "out of memory");
    }
    *stream = (struct stream){.cli = cli, .values = values, .events = out_array(), .begin_ns = now_ns()};
    cli_catch_signals();
    status = go(stream);
    json_decref(stream->events);
    free(stream);
    return status;
}

const struct command command_stream = {
    .name = "stream",
    .words = "[VF]",
    .sockets = true,
    .brief = "numbered frames both ways, over a VF or a pair of VF and standby",
    .min_words = 0,
    .max_words = 1,
    .options = options,
    .values_size = sizeof(struct stream_values),
    .defaults = defaults,
    .run = run,
};
