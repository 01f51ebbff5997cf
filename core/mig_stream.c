/* SPDX-License-Identifier: BSD-3-Clause */
/* A migration stream, written: header, sections, end. */
#include "mig.h"

#define GROW_MIN 4096u

static const uint8_t magic[8] = {'S', 'R', 'I', 'O', 'V', 'M', 'I', 'G'};

/* Half a byte at a time: a table of 64 bytes instead of 1024. Reflected polynomial 0xedb88320. */
uint32_t sric_mig_crc(uint32_t crc, const uint8_t *bytes, uint64_t len)
{
    static const uint32_t table[16] = {
        0x00000000, 0x1db71064, 0x3b6e20c8, 0x26d930ac, 0x76dc4190, 0x6b6b51f4, 0x4db26158, 0x5005713c,
        0xedb88320, 0xf00f9344, 0xd6d6a3e8, 0xcb61b38c, 0x9b64c2b0, 0x86d3d2d4, 0xa00ae278, 0xbdbdf21c,
    };

    crc = ~crc;
    for (uint64_t i = 0; i < len; i++) {
        crc ^= bytes[i];
        crc = crc >> 4 ^ table[crc & 15];
        crc = crc >> 4 ^ table[crc & 15];
    }
    return ~crc;
}

void sric_mig_identity(const struct sriov_fn *fn, struct sric_mig_identity *out)
{
    const struct sriov_fn_info *info = sriov_fn_info(fn);

    sric_mig_put16(out->bytes, info->vendor);
    sric_mig_put16(out->bytes + 2, info->device);
    sric_mig_put16(out->bytes + 4, info->subsystem_vendor);
    sric_mig_put16(out->bytes + 6, info->subsystem_device);
    sric_mig_put32(out->bytes + 8, info->class_code);
}

/* ---- blobs ---- */

void sriov_mig_blob_free(struct sriov_mig_blob *blob)
{
    if (blob != NULL && blob->bytes != NULL) {
        sric_free(blob->vmm, blob->bytes, (size_t)blob->room);
    }
    if (blob != NULL) {
        memset(blob, 0, sizeof(*blob));
    }
}

int sric_mig_grow(struct sriov_mig_blob *blob, uint64_t more)
{
    uint64_t room = blob->room != 0 ? blob->room : GROW_MIN;
    uint8_t *bytes;

    if (more > SRIOV_MIG_STREAM_MAX || blob->len > SRIOV_MIG_STREAM_MAX - more) {
        return -ENOSPC;
    }
    if (blob->bytes != NULL && blob->room - blob->len >= more) {
        return 0;
    }
    while (room - blob->len < more) {
        room *= 2;
    }
    bytes = sric_alloc(blob->vmm, (size_t)room, 8);
    if (bytes == NULL) {
        return -ENOMEM;
    }
    if (blob->bytes != NULL) {
        memcpy(bytes, blob->bytes, (size_t)blob->len);
        sric_free(blob->vmm, blob->bytes, (size_t)blob->room);
    }
    blob->bytes = bytes;
    blob->room = room;
    return 0;
}

int sric_mig_append(struct sriov_mig_blob *blob, const void *bytes, uint64_t len)
{
    int rc = sric_mig_grow(blob, len);

    if (rc == 0 && len != 0) {
        memcpy(blob->bytes + blob->len, bytes, (size_t)len);
        blob->len += len;
    }
    return rc;
}

static int append_zeroes(struct sriov_mig_blob *blob, uint64_t len)
{
    static const uint8_t zeroes[SRIOV_MIG_HEADER_BYTES];

    return sric_mig_append(blob, zeroes, len);
}

/* ---- writing ---- */

/* The writer is finished with once something failed. */
static int failed(struct sriov_mig_writer *w, int rc)
{
    if (rc != 0) {
        sriov_mig_blob_free(&w->blob);
        w->err = rc;
    }
    return rc;
}

int sriov_mig_writer_begin(struct sriov_mig_writer *w, struct sriov_fn *fn, uint32_t kind)
{
    struct sric_mig_identity id;
    uint8_t *p;
    int rc;

    if (w == NULL || fn == NULL) {
        return -EINVAL;
    }
    memset(w, 0, sizeof(*w));
    w->blob.vmm = sriov_fn_vmm(fn);
    rc = append_zeroes(&w->blob, SRIOV_MIG_HEADER_BYTES);
    if (rc != 0) {
        return failed(w, rc);
    }
    p = w->blob.bytes;
    memcpy(p, magic, sizeof(magic));
    sric_mig_put32(p + 8, SRIOV_MIG_STREAM_VERSION);
    sric_mig_put32(p + 12, kind);
    sric_mig_identity(fn, &id);
    memcpy(p + 32, id.bytes, sizeof(id.bytes));
    return 0;
}

static int put_section(struct sriov_mig_blob *blob, uint32_t tag, uint32_t version, const void *bytes,
                       uint64_t len)
{
    uint8_t head[SRIC_MIG_SECTION_HEAD];
    uint8_t tail[SRIC_MIG_SECTION_TAIL] = {0};
    uint64_t start = blob->len;
    int rc;

    sric_mig_put32(head, tag);
    sric_mig_put32(head + 4, version);
    sric_mig_put64(head + 8, len);
    rc = sric_mig_append(blob, head, sizeof(head));
    if (rc == 0) {
        rc = sric_mig_append(blob, bytes, len);
    }
    if (rc == 0) {
        rc = append_zeroes(blob, sric_mig_pad(len));
    }
    if (rc == 0) {
        sric_mig_put32(tail, sric_mig_crc(0, blob->bytes + start, blob->len - start));
        rc = sric_mig_append(blob, tail, sizeof(tail));
    }
    return rc;
}

int sriov_mig_put(struct sriov_mig_writer *w, uint32_t tag, uint32_t version, const void *bytes, uint64_t len)
{
    if (w->err != 0) {
        return w->err;
    }
    if (tag == 0 || tag == SRIC_MIG_END || version == 0 || (bytes == NULL && len != 0)) {
        return failed(w, -EINVAL);
    }
    if (w->sections == SRIOV_MIG_SECTIONS_MAX) {
        return failed(w, -ENOSPC);
    }
    w->sections++;
    return failed(w, put_section(&w->blob, tag, version, bytes, len));
}

int sriov_mig_writer_end(struct sriov_mig_writer *w, struct sriov_mig_blob *out)
{
    uint8_t crc[4];
    uint8_t *p;
    int rc = w->err;

    if (rc != 0 || out == NULL) {
        return rc != 0 ? rc : failed(w, -EINVAL);
    }
    p = w->blob.bytes;
    sric_mig_put64(p + 16, w->blob.len + SRIC_MIG_END_BYTES);
    sric_mig_put32(p + 24, w->sections);
    sric_mig_put32(p + 60, sric_mig_crc(0, p, 60));
    sric_mig_put32(crc, sric_mig_crc(0, p, w->blob.len));
    rc = put_section(&w->blob, SRIC_MIG_END, 1, crc, sizeof(crc));
    if (rc != 0) {
        return failed(w, rc);
    }
    *out = w->blob;
    memset(w, 0, sizeof(*w));
    w->err = -EINVAL;
    return 0;
}

int64_t sriov_mig_stream_length(const void *bytes, uint64_t have)
{
    const uint8_t *p = bytes;
    uint64_t total;
    uint64_t n = have < sizeof(magic) ? have : sizeof(magic);

    if (p == NULL || memcmp(p, magic, (size_t)n) != 0) {
        return -EPROTO;
    }
    if (have < SRIOV_MIG_HEADER_BYTES) {
        return 0;
    }
    total = sric_mig_get64(p + 16);
    if (sric_mig_get32(p + 60) != sric_mig_crc(0, p, 60) ||
        total < SRIOV_MIG_HEADER_BYTES + SRIC_MIG_END_BYTES) {
        return -EPROTO;
    }
    return total <= SRIOV_MIG_STREAM_MAX ? (int64_t)total : -E2BIG;
}
