/* SPDX-License-Identifier: BSD-3-Clause */
/* Work for later, on the host's clock. A reset of its function makes an event stale. */
#include <stdlib.h>
#include <string.h>

#include "nic.h"

uint64_t mock_now(const struct sriov_model *nic)
{
    return nic->ops->now_ns(nic->host);
}

struct mock_event *mock_event_new(struct sriov_model *nic, uint16_t fn,
                                  void (*run)(struct sriov_model *, struct mock_event *), const void *bytes,
                                  size_t len)
{
    struct mock_event *e = calloc(1, sizeof(*e) + len);

    if (e == NULL)
        return NULL;
    e->run = run;
    e->fn = fn;
    e->epoch = nic->fn[fn].epoch;
    e->len = len;
    if (len > 0)
        memcpy(e->bytes, bytes, len);
    return e;
}

static struct mock_event *take(struct sriov_model *nic, uint64_t id)
{
    struct mock_event **at = &nic->events;

    while (*at != NULL && (*at)->id != id)
        at = &(*at)->next;
    struct mock_event *e = *at;
    if (e != NULL)
        *at = e->next;
    return e;
}

static void on_timer(struct sriov_model *nic, uint64_t tag)
{
    struct mock_event *e = take(nic, tag);

    if (e == NULL)
        return;
    if (e->epoch == nic->fn[e->fn].epoch && nic->fn[e->fn].held) {
        e->due = true;
        e->next = nic->events;
        nic->events = e;
        return;
    }
    if (e->epoch == nic->fn[e->fn].epoch)
        e->run(nic, e);
    free(e);
}

/* The oldest of those that are asked for; 0: none. */
static uint64_t oldest(const struct sriov_model *nic, uint16_t fn, bool due)
{
    uint64_t id = 0;

    for (const struct mock_event *e = nic->events; e != NULL; e = e->next)
        if (e->fn == fn && e->epoch == nic->fn[fn].epoch && (due ? e->due : !e->waits) &&
            (id == 0 || e->id < id))
            id = e->id;
    return id;
}

void mock_event_finish(struct sriov_model *nic, uint16_t fn, bool due)
{
    uint64_t id;

    while ((id = oldest(nic, fn, due)) != 0) {
        struct mock_event *e = take(nic, id);

        e->run(nic, e);
        free(e);
    }
}

void mock_event_at(struct sriov_model *nic, struct mock_event *event, uint64_t at_ns)
{
    if (event == NULL)
        return;
    event->id = ++nic->next_event;
    event->next = nic->events;
    nic->events = event;
    nic->ops->timer(nic->host, at_ns, on_timer, event->id);
}

void mock_event_after(struct sriov_model *nic, struct mock_event *event, uint64_t delay_ns)
{
    if (event == NULL)
        return;
    if (delay_ns > 0) {
        uint64_t now = mock_now(nic);

        mock_event_at(nic, event, delay_ns > UINT64_MAX - now ? UINT64_MAX : now + delay_ns);
        return;
    }
    event->run(nic, event);
    free(event);
}

void mock_event_forget_all(struct sriov_model *nic)
{
    while (nic->events != NULL) {
        struct mock_event *e = nic->events;

        nic->events = e->next;
        free(e);
    }
}

void mock_report(struct sriov_model *nic, enum sriov_report_kind kind, const struct sriov_site *site,
                 const char *text)
{
    nic->ops->report(nic->host, kind, site, text);
}

void mock_report_reg(struct sriov_model *nic, enum sriov_report_kind kind, const struct mock_ref *ref,
                     const char *text)
{
    struct sriov_site site = {.kind = SRIOV_SITE_REGISTER, .function = ref->fn, .offset = ref->offset};

    site.bar = (uint16_t)(ref->fn == 0 ? nic->chip->pf.regs_bar : nic->chip->vf.regs_bar);
    nic->ops->report(nic->host, kind, &site, text);
}
