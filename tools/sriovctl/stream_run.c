/* SPDX-License-Identifier: BSD-3-Clause */
#include "stream_run.h"

#include <string.h>

#define MS         UINT64_C(1000000)
#define SECOND     (1000 * MS)
#define HELLO_NS   (100 * MS)
#define END_NS     (50 * MS)
#define LINGER_NS  (500 * MS) /* what is under way when the leader ends arrives before its END */
#define GIVE_UP_NS (10 * SECOND)
#define REST_NS    SECOND /* a follower hears END no more: its BYE was heard */
/* After a halt no more than so many frames are sent at once: the rest has no number. */
#define CATCH_UP 16u

static const struct sriov_mac everyone = {{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}};

static bool same_mac(const struct sriov_mac *a, const struct sriov_mac *b)
{
    return memcmp(a, b, sizeof(*a)) == 0;
}

static struct stream_summary books(const struct stream_run *run)
{
    const struct stream_account *account = &run->account;

    return (struct stream_summary){.sent = run->sent,
                                   .received = account->received,
                                   .lost = account->lost,
                                   .duplicated = account->duplicated,
                                   .reordered = account->reordered,
                                   .longest_gap_ns = account->longest_gap_ns};
}

static bool say(struct stream_run *run, enum stream_kind kind, uint64_t now)
{
    uint8_t bytes[STREAM_FRAME_MOST];
    struct stream_frame frame = {.to = kind == STREAM_HELLO ? everyone : run->other,
                                 .from = run->own,
                                 .kind = kind,
                                 .length = run->length,
                                 .run = run->run,
                                 .rate = run->rate,
                                 .number = run->sent,
                                 .sent_ns = now,
                                 .summary = books(run)};

    stream_frame_write(&frame, bytes);
    return run->send(run->arg, bytes, frame.length);
}

void stream_run_begin(struct stream_run *run, uint64_t now_ns)
{
    run->phase = STREAM_MEETING;
    run->due_ns = now_ns;
    run->next_talk_ns = now_ns;
}

/* ---- what came ---- */

static void meet(struct stream_run *run, const struct stream_frame *frame, uint64_t now)
{
    run->other = frame->from;
    run->met = true;
    run->phase = STREAM_FLOWING;
    run->due_ns = now;
}

static void follow(struct stream_run *run, const struct stream_frame *frame, uint64_t now)
{
    run->run = frame->run;
    run->rate = frame->rate;
    run->length = frame->length;
    meet(run, frame, now);
}

static void take_end(struct stream_run *run, const struct stream_frame *frame, uint64_t now)
{
    if (run->phase != STREAM_ENDING) {
        run->phase = STREAM_ENDING;
        stream_account_end(&run->account, frame->summary.sent);
    }
    run->theirs = frame->summary;
    run->told = true;
    run->ending_ns = now;
    (void)say(run, STREAM_BYE, now);
}

static void take_bye(struct stream_run *run, const struct stream_frame *frame)
{
    if (run->phase == STREAM_ENDING) {
        stream_account_end(&run->account, frame->summary.sent);
        run->theirs = frame->summary;
        run->told = true;
        run->phase = STREAM_OVER;
    }
}

/* Of this stream, from the other end, and not what this end itself has sent to all. */
static bool is_ours(const struct stream_run *run, const struct stream_frame *frame)
{
    return frame->run == run->run && run->met && same_mac(&frame->from, &run->other);
}

void stream_run_take(struct stream_run *run, const uint8_t *bytes, uint32_t len, uint64_t now_ns)
{
    struct stream_frame frame;

    if (!stream_frame_read(bytes, len, &frame) || same_mac(&frame.from, &run->own)) {
        run->foreign++;
        return;
    }
    if (!run->leads && run->phase == STREAM_MEETING && frame.kind == STREAM_HELLO && frame.rate != 0) {
        follow(run, &frame, now_ns);
        return;
    }
    if (run->leads && run->phase == STREAM_MEETING && frame.kind == STREAM_DATA && frame.run == run->run) {
        meet(run, &frame, now_ns);
    }
    if (!is_ours(run, &frame)) {
        run->foreign++;
    } else if (frame.kind == STREAM_DATA) {
        stream_account_take(&run->account, frame.number, frame.sent_ns, now_ns);
    } else if (frame.kind == STREAM_END && !run->leads) {
        take_end(run, &frame, now_ns);
    } else if (frame.kind == STREAM_BYE && run->leads) {
        take_bye(run, &frame);
    }
}

/* ---- what is due ---- */

static void send_data(struct stream_run *run, uint64_t now)
{
    uint64_t period = SECOND / run->rate;

    if (now < run->due_ns) {
        return;
    }
    if (now - run->due_ns > CATCH_UP * period) {
        run->skipped += (now - run->due_ns) / period - CATCH_UP;
        run->due_ns = now - CATCH_UP * period;
    }
    while (now >= run->due_ns) {
        if (!say(run, STREAM_DATA, now)) {
            run->turned_away++;
            return;
        }
        run->sent++;
        run->due_ns += period;
    }
}

static void talk(struct stream_run *run, enum stream_kind kind, uint64_t every, uint64_t now)
{
    if (now >= run->next_talk_ns) {
        (void)say(run, kind, now);
        run->next_talk_ns = now + every;
    }
}

void stream_run_end(struct stream_run *run, uint64_t now_ns)
{
    if (run->phase == STREAM_FLOWING && run->leads) {
        run->phase = STREAM_ENDING;
        run->ending_ns = now_ns;
        run->next_talk_ns = now_ns + LINGER_NS;
    } else if (run->phase != STREAM_ENDING) {
        run->phase = STREAM_OVER;
    }
}

void stream_run_turn(struct stream_run *run, uint64_t now_ns)
{
    switch (run->phase) {
    case STREAM_MEETING:
        if (run->leads) {
            talk(run, STREAM_HELLO, HELLO_NS, now_ns);
        }
        return;
    case STREAM_FLOWING:
        send_data(run, now_ns);
        return;
    case STREAM_ENDING:
        if (run->leads) {
            talk(run, STREAM_END, END_NS, now_ns);
        }
        if (now_ns - run->ending_ns > (run->leads ? GIVE_UP_NS : REST_NS)) {
            run->phase = STREAM_OVER;
        }
        return;
    case STREAM_OVER:
        return;
    }
}
