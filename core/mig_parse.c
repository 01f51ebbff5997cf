/* SPDX-License-Identifier: BSD-3-Clause */
/* A migration stream, read: all of it is checked before anything is believed. */
#include "mig.h"

static void say(struct sriov_mig_fault *fault, uint32_t tag, uint64_t offset, const char *fmt, va_list args)
{
    struct sriov_mig_fault f = {.size = sizeof(f), .tag = tag, .offset = offset};

    (void)sric_vformat(f.text, sizeof(f.text), fmt, args);
    (void)sric_result_give(fault, &f, sizeof(f));
}

int sric_mig_refuse(struct sriov_mig_fault *fault, int rc, uint32_t tag, uint64_t offset, const char *fmt,
                    ...)
{
    va_list args;

    if (fault != NULL) {
        va_start(args, fmt);
        say(fault, tag, offset, fmt, args);
        va_end(args);
    }
    return rc;
}

struct parser {
    const uint8_t *bytes;
    uint64_t len;
    uint64_t at;
    struct sriov_mig_section *known;
    uint32_t n;
    struct sriov_mig_fault *fault;
};

#define REFUSE(p, tag, ...) sric_mig_refuse((p)->fault, -EPROTO, (tag), (p)->at, __VA_ARGS__)

/* Tags that a person can read; anything else as dots. */
static void name_of(uint32_t tag, char out[5])
{
    for (uint32_t i = 0; i < 4; i++) {
        char c = (char)(tag >> (8 * i) & 0x7f);

        out[i] = c >= ' ' && c <= '~' ? c : '.';
    }
    out[4] = '\0';
}

static int check_header(struct parser *p, uint32_t *sections)
{
    int64_t total = sriov_mig_stream_length(p->bytes, p->len);

    if (total == 0) {
        return REFUSE(p, 0, "%u bytes are less than a header; was the transfer cut?", (unsigned)p->len);
    }
    if (total < 0) {
        return REFUSE(p, 0, "header is damaged, or this is no migration stream");
    }
    if (sric_mig_get32(p->bytes + 8) != SRIOV_MIG_STREAM_VERSION) {
        return REFUSE(p, 0, "stream of version %u, this is %u; update the older side",
                      (unsigned)sric_mig_get32(p->bytes + 8), (unsigned)SRIOV_MIG_STREAM_VERSION);
    }
    if ((uint64_t)total != p->len) {
        return REFUSE(p, 0, "stream of %u bytes, %u came; was the transfer cut?", (unsigned)total,
                      (unsigned)p->len);
    }
    *sections = sric_mig_get32(p->bytes + 24);
    for (uint32_t i = 44; i < 60; i++) {
        if (p->bytes[i] != 0 || sric_mig_get32(p->bytes + 28) != 0) {
            return REFUSE(p, 0, "reserved bytes of the header are set; update this side");
        }
    }
    return *sections <= SRIOV_MIG_SECTIONS_MAX ? 0 : REFUSE(p, 0, "%u sections", (unsigned)*sections);
}

static struct sriov_mig_section *known_of(const struct parser *p, uint32_t tag)
{
    for (uint32_t i = 0; i < p->n; i++) {
        if (p->known[i].tag == tag) {
            return &p->known[i];
        }
    }
    return NULL;
}

/* One section at p->at, its frame only: bounds and sum. */
static int check_frame(const struct parser *p, struct sriov_mig_section *s)
{
    uint64_t left = p->len - p->at;
    const uint8_t *head = p->bytes + p->at;
    uint64_t whole;

    if (left < SRIC_MIG_SECTION_HEAD + SRIC_MIG_SECTION_TAIL) {
        return REFUSE(p, 0, "cut within a section");
    }
    s->tag = sric_mig_get32(head);
    s->has_version = sric_mig_get32(head + 4);
    s->len = sric_mig_get64(head + 8);
    s->bytes = head + SRIC_MIG_SECTION_HEAD;
    if (s->len > left - SRIC_MIG_SECTION_HEAD - SRIC_MIG_SECTION_TAIL ||
        s->len + sric_mig_pad(s->len) > left - SRIC_MIG_SECTION_HEAD - SRIC_MIG_SECTION_TAIL) {
        return REFUSE(p, s->tag, "section is longer than the stream");
    }
    whole = SRIC_MIG_SECTION_HEAD + s->len + sric_mig_pad(s->len);
    if (sric_mig_crc(0, head, whole) != sric_mig_get32(head + whole) ||
        sric_mig_get32(head + whole + 4) != 0) {
        return REFUSE(p, s->tag, "section is damaged");
    }
    return 0;
}

static int take_section(struct parser *p)
{
    struct sriov_mig_section s = {0};
    struct sriov_mig_section *known;
    char name[5];
    int rc = check_frame(p, &s);

    if (rc != 0) {
        return rc;
    }
    known = known_of(p, s.tag);
    name_of(s.tag, name);
    if (known == NULL) {
        return REFUSE(p, s.tag, "section %s is unknown here; update this side", name);
    }
    if (s.has_version == 0 || s.has_version > known->version) {
        return REFUSE(p, s.tag, "section %s of version %u, known up to %u; update this side", name,
                      (unsigned)s.has_version, (unsigned)known->version);
    }
    if (known->found) {
        return REFUSE(p, s.tag, "section %s is there twice", name);
    }
    known->found = true;
    known->has_version = s.has_version;
    known->bytes = s.bytes;
    known->len = s.len;
    p->at += SRIC_MIG_SECTION_HEAD + s.len + sric_mig_pad(s.len) + SRIC_MIG_SECTION_TAIL;
    return 0;
}

static int take_end(struct parser *p)
{
    struct sriov_mig_section s = {0};
    int rc = check_frame(p, &s);

    if (rc != 0) {
        return rc;
    }
    if (s.tag != SRIC_MIG_END || s.has_version != 1 || s.len != 4 || p->len - p->at != SRIC_MIG_END_BYTES) {
        return REFUSE(p, s.tag, "more or fewer sections than the header says");
    }
    if (sric_mig_get32(s.bytes) != sric_mig_crc(0, p->bytes, p->at)) {
        return REFUSE(p, s.tag, "stream is damaged");
    }
    return 0;
}

static int check_required(const struct parser *p)
{
    char name[5];

    for (uint32_t i = 0; i < p->n; i++) {
        if (p->known[i].required && !p->known[i].found) {
            name_of(p->known[i].tag, name);
            return REFUSE(p, p->known[i].tag, "section %s is missing", name);
        }
    }
    return 0;
}

/* Whole and undamaged, but is it for us? */
static int check_address(const struct parser *p, const struct sriov_fn *fn, uint32_t kind)
{
    const uint8_t *id = p->bytes + 32;
    struct sric_mig_identity ours;

    if (sric_mig_get32(p->bytes + 12) != kind) {
        return sric_mig_refuse(p->fault, -ENXIO, 0, 12, "stream of kind %u, expected %u",
                               (unsigned)sric_mig_get32(p->bytes + 12), (unsigned)kind);
    }
    if (fn == NULL) {
        return 0;
    }
    sric_mig_identity(fn, &ours);
    if (memcmp(id, ours.bytes, sizeof(ours.bytes)) != 0) {
        return sric_mig_refuse(p->fault, -ENXIO, 0, 32,
                               "state of %04x:%04x (subsystem %04x:%04x), %s is %04x:%04x; choose another VF",
                               (unsigned)sric_mig_get16(id), (unsigned)sric_mig_get16(id + 2),
                               (unsigned)sric_mig_get16(id + 4), (unsigned)sric_mig_get16(id + 6),
                               fn->info.name, (unsigned)fn->info.vendor, (unsigned)fn->info.device);
    }
    return 0;
}

int sriov_mig_parse(const void *bytes, uint64_t len, struct sriov_fn *fn, uint32_t kind,
                    struct sriov_mig_section *sections, uint32_t n, struct sriov_mig_fault *fault)
{
    struct parser p = {.bytes = bytes, .len = len, .known = sections, .n = n, .fault = fault};
    uint32_t count = 0;
    int rc;

    if (bytes == NULL || (sections == NULL && n != 0)) {
        return -EINVAL;
    }
    for (uint32_t i = 0; i < n; i++) {
        sections[i].found = false;
        sections[i].bytes = NULL;
        sections[i].len = 0;
    }
    rc = check_header(&p, &count);
    /* The kind first: sections of another one are unknown by right. */
    if (rc == 0) {
        rc = check_address(&p, fn, kind);
    }
    p.at = SRIOV_MIG_HEADER_BYTES;
    for (uint32_t i = 0; rc == 0 && i < count; i++) {
        rc = take_section(&p);
    }
    if (rc == 0) {
        rc = take_end(&p);
    }
    return rc == 0 ? check_required(&p) : rc;
}
