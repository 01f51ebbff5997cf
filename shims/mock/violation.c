/* SPDX-License-Identifier: BSD-3-Clause */
/* Findings: each is one line that names the device, the address and the register or descriptor. */
#include "internal.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

static const char *const kind_names[] = {
    [SRIOV_VIOLATION_IOMMU_UNMAPPED] = "never mapped",
    [SRIOV_VIOLATION_IOMMU_AFTER_UNMAP] = "used after unmap",
    [SRIOV_VIOLATION_IOMMU_DIRECTION] = "mapped for the other direction",
    [SRIOV_VIOLATION_IOMMU_BOUNDS] = "runs out of its mapping",
    [SRIOV_VIOLATION_BUS_MASTER] = "bus mastering is off",
};

static const char *const report_names[] = {
    [SRIOV_REPORT_UNMODELLED] = "register that does not exist",
    [SRIOV_REPORT_READ_ONLY] = "write to read-only bits",
    [SRIOV_REPORT_BAD_WIDTH] = "access of a wrong width",
    [SRIOV_REPORT_BAD_DESC] = "malformed descriptor",
    [SRIOV_REPORT_STALE_DESC] = "descriptor changed after its tail write",
    [SRIOV_REPORT_BAD_TAIL] = "tail beyond the ring",
    [SRIOV_REPORT_BAD_SEQUENCE] = "wrong sequence",
    [SRIOV_REPORT_MAILBOX] = "mailbox misused",
};

static const char *const site_names[] = {
    [SRIOV_SITE_REGISTER] = "register",
    [SRIOV_SITE_CONFIG] = "config space",
    [SRIOV_SITE_RX_DESC_FETCH] = "receive descriptor fetch",
    [SRIOV_SITE_RX_DESC_WRITEBACK] = "receive descriptor write-back",
    [SRIOV_SITE_RX_PAYLOAD] = "receive payload",
    [SRIOV_SITE_TX_DESC_FETCH] = "transmit descriptor fetch",
    [SRIOV_SITE_TX_DESC_WRITEBACK] = "transmit descriptor write-back",
    [SRIOV_SITE_TX_PAYLOAD] = "transmit payload",
    [SRIOV_SITE_TX_HEAD_WRITEBACK] = "transmit head write-back",
    [SRIOV_SITE_MAILBOX] = "mailbox",
};

#define COUNT_OF(array) (sizeof(array) / sizeof((array)[0]))

static const char *name_in(const char *const *names, size_t count, uint32_t index)
{
    return index < count && names[index] != NULL ? names[index] : "unknown";
}

const char *mock_site_side(uint16_t site_kind)
{
    switch (site_kind) {
    case SRIOV_SITE_RX_DESC_FETCH:
    case SRIOV_SITE_RX_DESC_WRITEBACK:
    case SRIOV_SITE_RX_PAYLOAD:
        return "rx";
    case SRIOV_SITE_TX_DESC_FETCH:
    case SRIOV_SITE_TX_DESC_WRITEBACK:
    case SRIOV_SITE_TX_PAYLOAD:
    case SRIOV_SITE_TX_HEAD_WRITEBACK:
        return "tx";
    case SRIOV_SITE_MAILBOX:
        return "mbx";
    default:
        return "";
    }
}

static void site_text(const struct sriov_site *site, char *out, size_t room)
{
    const char *name = name_in(site_names, COUNT_OF(site_names), site->kind);

    switch (site->kind) {
    case SRIOV_SITE_REGISTER:
        (void)snprintf(out, room, "register 0x%05" PRIx32 " of BAR %u", site->offset, (unsigned)site->bar);
        break;
    case SRIOV_SITE_CONFIG:
        (void)snprintf(out, room, "config space 0x%03" PRIx32, site->offset);
        break;
    case SRIOV_SITE_MAILBOX:
        (void)snprintf(out, room, "mailbox, register 0x%05" PRIx32, site->offset);
        break;
    default:
        (void)snprintf(out, room, "%s, queue %u, descriptor %" PRIu32, name, (unsigned)site->queue,
                       site->index);
        break;
    }
}

void mock_log_line(struct sriov_mock *mock, const char *line)
{
    uint64_t now = mock->clock.now_ns;

    (void)fprintf(stderr, "[%5" PRIu64 ".%09" PRIu64 "] %s\n", now / MOCK_NS_PER_SEC, now % MOCK_NS_PER_SEC,
                  line);
}

/* v's kind and text are set; fills the rest, counts it and hands it over. */
static void record(struct sriov_mock *mock, struct sriov_violation *v, const char *fn)
{
    v->size = sizeof(*v);
    v->time_ns = mock->clock.now_ns;
    (void)snprintf(v->function, sizeof(v->function), "%s", fn);
    mock->violations[0]++;
    mock->violations[v->kind]++;
    mock->last_violation = *v;
    if ((mock->opts.flags & SRIOV_MOCK_QUIET) == 0) {
        mock_log_line(mock, v->text);
    }
    if (mock->opts.on_violation != NULL) {
        mock->opts.on_violation(mock->opts.arg, v);
    }
}

static uint32_t clip32(uint64_t n)
{
    return n > UINT32_MAX ? UINT32_MAX : (uint32_t)n;
}

void mock_contract(struct sriov_mock *mock, const char *fn, const char *fmt, ...)
{
    struct sriov_violation v = {.kind = SRIOV_VIOLATION_CONTRACT};
    char what[160];
    va_list ap;

    va_start(ap, fmt);
    (void)vsnprintf(what, sizeof(what), fmt, ap);
    va_end(ap);
    (void)snprintf(v.text, sizeof(v.text), "%s%scontract: %s", fn, fn[0] != '\0' ? ": " : "", what);
    record(mock, &v, fn);
}

void mock_leak(struct sriov_mock *mock, const char *fn, sriov_iova_t iova, uint64_t length, const char *what)
{
    struct sriov_violation v = {.kind = SRIOV_VIOLATION_LEAK, .iova = iova, .length = clip32(length)};

    (void)snprintf(v.text, sizeof(v.text), "%s%sleak: %s, IOVA 0x%" PRIx64 ", %" PRIu64 " bytes", fn,
                   fn[0] != '\0' ? ": " : "", what, iova.raw, length);
    record(mock, &v, fn);
}

void mock_page_race(struct sriov_mock *mock, const char *fn, const struct mock_mapping *map)
{
    uint64_t length = map->last - map->first + 1;
    struct sriov_violation v = {
        .kind = SRIOV_VIOLATION_PAGE_RACE, .iova = sriov_iova(map->first), .length = clip32(length)};

    (void)snprintf(v.text, sizeof(v.text),
                   "%s: memory freed that the device still reaches, IOVA 0x%" PRIx64 ", %" PRIu64 " bytes",
                   fn, map->first, length);
    record(mock, &v, fn);
}

void mock_model_report(struct sriov_mock *mock, const char *fn, enum sriov_report_kind kind,
                       const struct sriov_site *site, const char *detail)
{
    struct sriov_violation v = {.kind = SRIOV_VIOLATION_MODEL, .report_kind = (uint32_t)kind, .site = *site};
    char where[96];

    site_text(site, where, sizeof(where));
    (void)snprintf(v.text, sizeof(v.text), "%s: %s: %s%s%.90s", fn,
                   name_in(report_names, COUNT_OF(report_names), (uint32_t)kind), where,
                   detail != NULL && detail[0] != '\0' ? ": " : "", detail != NULL ? detail : "");
    record(mock, &v, fn);
}

void mock_dma_violation(struct sriov_mock *mock, enum sriov_violation_kind kind,
                        const struct mock_access *access)
{
    struct sriov_violation v = {
        .kind = (uint32_t)kind, .iova = access->iova, .length = clip32(access->len), .site = *access->site};
    char where[96];

    site_text(access->site, where, sizeof(where));
    (void)snprintf(v.text, sizeof(v.text), "%s: device %s %zu bytes at IOVA 0x%" PRIx64 ": %s (%s)",
                   access->fn, access->write ? "writes" : "reads", access->len, access->iova.raw,
                   name_in(kind_names, COUNT_OF(kind_names), (uint32_t)kind), where);
    record(mock, &v, access->fn);
}

SRIOV_API uint64_t sriov_mock_violations(const struct sriov_mock *mock, enum sriov_violation_kind kind)
{
    size_t index = (size_t)kind;

    return index < COUNT_OF(mock->violations) ? mock->violations[index] : 0;
}

SRIOV_API const struct sriov_violation *sriov_mock_last_violation(const struct sriov_mock *mock)
{
    return mock->last_violation.kind != 0 ? &mock->last_violation : NULL;
}

SRIOV_API void sriov_mock_forget_violations(struct sriov_mock *mock)
{
    memset(mock->violations, 0, sizeof(mock->violations));
    memset(&mock->last_violation, 0, sizeof(mock->last_violation));
}
