/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * TCP and UDP segmentation: 82599 datasheet, section 7.2.4; 82576 datasheet, section 7.2.4. The packet's
 * headers are a prototype: each frame gets a copy, brought up to date, and the next MSS bytes of payload.
 */
#include <string.h>

#include <sriov/hw/ixgbe_regs.h>

#include "offload.h"

#define IP_ID_AT        4u
#define IP4_LEN_AT      2u
#define IP6_LEN_AT      4u
#define IP6_HEADER      40u
#define TCP_SEQ_AT      4u
#define TCP_FLAGS_AT    12u /* with the data offset above them */
#define TCP_FLAGS       0x0fffu
#define MID_FLAGS_SHIFT 16u
#define UDP_LEN_AT      4u

/* One request, and how far it has come. */
struct tso {
    const struct mock_tx_context *ctx;
    const uint8_t *packet;
    uint32_t header, payload; /* bytes */
    uint32_t frames, n;       /* all of it, and which this is */
    bool tcp;
};

static const char *wrong_lengths(const struct mock_tx *tx, const struct mock_tx_context *ctx, bool tcp)
{
    if (ctx->maclen < 14u || ctx->iplen < (ctx->ipv4 ? 20u : IP6_HEADER))
        return "TSO: MACLEN or IPLEN shorter than the header";
    if (ctx->l4len < (tcp ? 20u : 8u) || ctx->l4len > 64u)
        return "TSO: L4LEN is no header's";
    if (ctx->maclen + ctx->iplen + ctx->l4len > MOCK_TSO_HEADER_MAX)
        return "TSO: MACLEN, IPLEN and L4LEN above 512";
    if (ctx->maclen + ctx->iplen + ctx->l4len >= tx->frame_len)
        return "TSO: headers without payload";
    if (ctx->maclen + ctx->iplen + ctx->l4len > tx->header_room)
        return "TSO: headers beyond the packet's first four buffers";
    return NULL;
}

static const char *wrong_request(const struct mock_tx *tx, const struct mock_tx_context *ctx, bool tcp)
{
    if (!tcp && ctx->l4t != IXGBE_TXC_TUCMD_L4T_UDP)
        return "TSO: L4T is neither TCP nor UDP";
    if (!(tx->first_olinfo & IXGBE_TXD_POPTS_TXSM))
        return "TSO without TXSM";
    if (((tx->first_olinfo & IXGBE_TXD_POPTS_IXSM) != 0) != ctx->ipv4)
        return "TSO: IXSM belongs to TUCMD.IPV4, and only to it";
    if (ctx->mss == 0)
        return "TSO: MSS is 0";
    return NULL;
}

/* What the context says about the headers against what is there. */
static const char *wrong_headers(const uint8_t *packet, const struct mock_tx_context *ctx, bool tcp)
{
    const uint8_t *l4 = packet + ctx->maclen + ctx->iplen;

    if (packet[ctx->maclen] >> 4 != (ctx->ipv4 ? 4u : 6u))
        return "TSO: TUCMD.IPV4 is not what the IP header says";
    if (tcp ? (uint32_t)(l4[TCP_FLAGS_AT] >> 4) * 4u != ctx->l4len : ctx->l4len != 8u)
        return "TSO: L4LEN is not what the header says";
    return NULL;
}

static const char *wrong_sizes(const struct sriov_model *nic, const struct mock_tx *tx, const struct tso *t)
{
    if (t->payload != tx->first_olinfo >> IXGBE_TXD_PAYLEN_SHIFT)
        return "TSO: PAYLEN is not the buffers without the headers";
    if (t->header + (t->payload < t->ctx->mss ? t->payload : t->ctx->mss) > nic->chip->tx_max_frame)
        return "TSO: MSS makes frames longer than the device can send";
    if (t->frames > MOCK_TSO_FRAMES_MAX)
        return "TSO: MSS makes more frames of one request than this model sends";
    return NULL;
}

static void update_ip(const struct tso *t, uint8_t *ip, uint32_t chunk)
{
    uint32_t len = t->ctx->iplen + t->ctx->l4len + chunk;

    if (!t->ctx->ipv4) {
        mock_put_be16(ip + IP6_LEN_AT, len - IP6_HEADER);
        return;
    }
    mock_put_be16(ip + IP4_LEN_AT, len);
    mock_put_be16(ip + IP_ID_AT, mock_be16(ip + IP_ID_AT) + t->n);
    mock_offload_ip_sum(ip, t->ctx->iplen);
}

/* What may stay set: DTXTCPFLGL and DTXTCPFLGH. A request of one frame keeps all. */
static uint32_t flags_mask(const struct sriov_model *nic, const struct tso *t)
{
    const uint32_t *masks = nic->regs.tcp_flags;

    if (t->frames == 1u)
        return TCP_FLAGS;
    if (t->n == 0)
        return masks[0] & TCP_FLAGS;
    return (t->n + 1u == t->frames ? masks[1] : masks[0] >> MID_FLAGS_SHIFT) & TCP_FLAGS;
}

/* The sum of the pseudo header that software left lacks the length, which differs from frame to frame. */
static void update_l4(const struct sriov_model *nic, const struct tso *t, uint8_t *l4, uint32_t chunk)
{
    uint32_t len = t->ctx->l4len + chunk;

    if (t->tcp) {
        mock_put_be32(l4 + TCP_SEQ_AT, mock_be32(l4 + TCP_SEQ_AT) + t->n * t->ctx->mss);
        mock_put_be16(l4 + TCP_FLAGS_AT, mock_be16(l4 + TCP_FLAGS_AT) & (0xf000u | flags_mask(nic, t)));
    } else {
        mock_put_be16(l4 + UDP_LEN_AT, len);
    }
    mock_offload_l4_sum(l4, len, len, t->tcp);
}

static void send_one(struct sriov_model *nic, uint32_t queue, const struct tso *t)
{
    uint32_t done = t->n * t->ctx->mss, left = t->payload - done;
    uint32_t chunk = left < t->ctx->mss ? left : t->ctx->mss;
    uint8_t *ip = nic->segment + t->ctx->maclen;

    memcpy(nic->segment, t->packet, t->header);
    memcpy(nic->segment + t->header, t->packet + t->header + done, chunk);
    update_ip(t, ip, chunk);
    update_l4(nic, t, ip + t->ctx->iplen, chunk);
    mock_offload_emit(nic, queue, t->ctx, nic->segment, t->header + chunk);
}

const char *mock_tso_send(struct sriov_model *nic, uint32_t queue, const struct mock_tx_context *ctx)
{
    struct mock_tx *tx = &nic->tx[queue];
    struct tso t = {.ctx = ctx, .packet = tx->frame, .tcp = ctx->l4t == IXGBE_TXC_TUCMD_L4T_TCP};
    uint32_t life = tx->ring.life;
    const char *wrong = wrong_request(tx, ctx, t.tcp);

    if (wrong == NULL)
        wrong = wrong_lengths(tx, ctx, t.tcp);
    if (wrong == NULL)
        wrong = wrong_headers(tx->frame, ctx, t.tcp);
    if (wrong != NULL)
        return wrong;
    t.header = ctx->maclen + ctx->iplen + ctx->l4len;
    t.payload = tx->frame_len - t.header;
    t.frames = (t.payload + ctx->mss - 1u) / ctx->mss;
    wrong = wrong_sizes(nic, tx, &t);
    /* A frame may set off what ends the ring, and with it the packet. */
    for (; wrong == NULL && t.n < t.frames && tx->ring.life == life; t.n++)
        send_one(nic, queue, &t);
    if (wrong == NULL && tx->ring.life == life)
        mock_stats_saturate(&nic->regs.port.tso);
    return wrong;
}
