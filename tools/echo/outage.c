/* SPDX-License-Identifier: BSD-3-Clause */
#include "session.h"

static struct echo_outage *newest(struct echo_session *session)
{
    struct echo_stats *stats = &session->stats;

    return stats->outages == 0 ? NULL : &stats->outage[(stats->outages - 1) % ECHO_OUTAGES_MAX];
}

void outage_begin(struct echo_session *session)
{
    struct echo_outage *outage = newest(session);
    uint64_t now = session->io.now(session->io.arg);

    if (outage == NULL || outage->to_ns != 0) {
        session->stats.outages++;
        outage = newest(session);
        *outage = (struct echo_outage){.from_ns = session->last_answer != 0 ? session->last_answer : now};
    }
    outage->event_ns = now;
}

void outage_blame(struct echo_session *session, uint64_t sent_ns)
{
    struct echo_outage *outage = newest(session);

    if (outage == NULL || (outage->to_ns != 0 && sent_ns > outage->to_ns)) {
        return;
    }
    /* Asked long before the last answer that still came: lost for another reason. */
    if (sent_ns < outage->from_ns && outage->from_ns - sent_ns > session->plan.timeout_ns) {
        return;
    }
    outage->lost++;
    session->stats.lost_in_outages++;
}

void outage_answered(struct echo_session *session, uint64_t sent_ns, uint64_t now)
{
    struct echo_outage *outage = newest(session);

    session->last_answer = now;
    if (outage != NULL && outage->to_ns == 0 && sent_ns >= outage->event_ns) {
        outage->to_ns = now;
    }
}

const struct echo_outage *echo_stats_outage(const struct echo_stats *stats, uint32_t i)
{
    uint32_t kept = stats->outages < ECHO_OUTAGES_MAX ? stats->outages : ECHO_OUTAGES_MAX;

    if (i >= kept) {
        return NULL;
    }
    return &stats->outage[(stats->outages - kept + i) % ECHO_OUTAGES_MAX];
}
