/* SPDX-License-Identifier: BSD-3-Clause */
/*
 * A frame on its way out: checksums (82599 datasheet, section 7.2.5; 82576 datasheet, section 7.2.5), VLAN
 * tag (section 7.4 of both, port VLAN included) and padding.
 */
#include <string.h>

#include <sriov/hw/ixgbe_regs.h>

#include "offload.h"

#define MIN_PAYLOAD 60u /* without FCS */
#define TAG_BYTES   4u

void mock_offload_ip_sum(uint8_t *ip, size_t len)
{
    mock_put_be16(ip + 10, ~mock_sum16(ip, len, 0) & 0xffffu);
}

/* UDP says "no checksum" with 0, so that its 0 is sent as the other one. */
void mock_offload_l4_sum(uint8_t *l4, size_t len, uint32_t more, bool tcp)
{
    uint32_t sum = ~mock_sum16(l4, len, more) & 0xffffu;

    mock_put_be16(l4 + (tcp ? 16 : 6), sum == 0 && !tcp ? 0xffffu : sum);
}

static const char *sctp_crc(uint8_t *sctp, size_t len)
{
    uint32_t crc;

    if (len < 12u || len % 4u != 0)
        return "TXSM for SCTP: not a header and whole words";
    if (mock_be32(sctp + 8) != 0)
        return "TXSM for SCTP: the field is not 0";
    crc = mock_sctp_crc(sctp, len);
    for (uint32_t i = 0; i < 4u; i++)
        sctp[8u + i] = (uint8_t)(crc >> (8u * i));
    return NULL;
}

/* Up to the last byte of the packet, whatever the IP header says; the pseudo header's sum is in the field. */
static const char *l4_sum(uint8_t *bytes, size_t len, const struct mock_tx_context *ctx)
{
    uint8_t *l4 = bytes + ctx->maclen + ctx->iplen;
    size_t left = len - ctx->maclen - ctx->iplen;
    bool tcp = ctx->l4t == IXGBE_TXC_TUCMD_L4T_TCP;

    if (ctx->l4t == IXGBE_TXC_TUCMD_L4T_SCTP)
        return sctp_crc(l4, left);
    if (!tcp && ctx->l4t != IXGBE_TXC_TUCMD_L4T_UDP)
        return "TXSM with L4T reserved";
    if (left < (tcp ? 20u : 8u))
        return "TXSM on a packet too short for it";
    mock_offload_l4_sum(l4, left, 0, tcp);
    return NULL;
}

const char *mock_offload_sums(uint8_t *bytes, size_t len, const struct mock_tx_context *ctx, uint32_t olinfo)
{
    const char *wrong;

    if (ctx->maclen < 14u || ctx->iplen < 20u)
        return "context: MACLEN below 14 or IPLEN below 20";
    if (ctx->maclen + ctx->iplen > len)
        return "context: MACLEN and IPLEN beyond the packet";
    if ((olinfo & IXGBE_TXD_POPTS_IXSM) && !ctx->ipv4)
        return "IXSM without TUCMD.IPV4";
    wrong = olinfo & IXGBE_TXD_POPTS_TXSM ? l4_sum(bytes, len, ctx) : NULL;
    if (wrong == NULL && (olinfo & IXGBE_TXD_POPTS_IXSM))
        mock_offload_ip_sum(bytes + ctx->maclen, ctx->iplen);
    return wrong;
}

/* The port's tag goes before the driver's word. */
static bool tag_for(const struct sriov_model *nic, uint32_t pool, const struct mock_tx *tx,
                    const struct mock_tx_context *ctx, uint16_t *tag)
{
    uint32_t vmvir = nic->chip->vt_on(nic) ? nic->regs.vmvir[pool] : 0;

    if ((vmvir & IXGBE_PFVMVIR_VLANA) == IXGBE_PFVMVIR_VLANA_DEFAULT) {
        *tag = (uint16_t)(vmvir & IXGBE_PFVMVIR_PORT_VLAN);
        return true;
    }
    *tag = ctx->vlan;
    return (tx->first_cmd & IXGBE_TXD_DCMD_VLE) && (vmvir & IXGBE_PFVMVIR_VLANA) != IXGBE_PFVMVIR_VLANA_NEVER;
}

static size_t insert_tag(uint8_t *bytes, size_t len, uint16_t tag)
{
    memmove(bytes + 12 + TAG_BYTES, bytes + 12, len - 12u);
    mock_put_be16(bytes + 12, 0x8100u);
    mock_put_be16(bytes + 14, tag);
    return len + TAG_BYTES;
}

static size_t pad(const struct sriov_model *nic, uint8_t *bytes, size_t len)
{
    bool on = (mock_field(nic, nic->chip->pad_field) & nic->chip->pad_enable) != 0;

    if ((!on && !nic->quirks->pads_everything) || len >= MIN_PAYLOAD)
        return len;
    memset(bytes + len, 0, MIN_PAYLOAD - len);
    return MIN_PAYLOAD;
}

void mock_offload_emit(struct sriov_model *nic, uint32_t queue, const struct mock_tx_context *ctx,
                       uint8_t *bytes, size_t len)
{
    uint32_t pool, n;
    uint16_t tag;

    nic->chip->pool_of(nic, queue, true, &pool, &n);
    if (tag_for(nic, pool, &nic->tx[queue], ctx, &tag))
        len = insert_tag(bytes, len, tag);
    len = pad(nic, bytes, len);
    mock_rate_sent(nic, queue, len);
    mock_switch_from_pool(nic, pool, queue, bytes, len);
}
