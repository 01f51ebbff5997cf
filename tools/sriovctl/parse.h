/* SPDX-License-Identifier: BSD-3-Clause */
/* Words of the command line to values. Each returns false for what is none. */
#ifndef SRIOVCTL_PARSE_H
#define SRIOVCTL_PARSE_H

#include <sriov/net.h>

/* Decimal or 0x hexadecimal, the whole word. */
bool parse_number(const char *word, uint64_t *value);
/* "N" or "N-M" with N <= M. */
bool parse_range(const char *word, uint64_t *least, uint64_t *most);
/* "N", or "N" and "M" with that character between; without M it is 0. */
bool parse_pair(const char *word, char between, uint64_t *first, uint64_t *second);
/* Six pairs of hexadecimal digits with colons between: a unicast address, or all zero. */
bool parse_mac(const char *word, struct sriov_mac *mac);
/* "10", "0.2" (seconds), "5ms", "20us", "100ns", "3s", "2m" to nanoseconds. */
bool parse_time(const char *word, uint64_t *ns);
/* Dotted quad of a host to host order: not 0, no multicast, no broadcast. */
bool parse_host_ip(const char *word, uint32_t *ip);
/* "DDDD:BB:DD.F" or "BB:DD.F"; bdf receives the long form (SRIOV_NAME_MAX bytes). */
bool parse_bdf(const char *word, char *bdf);
/* 8-4-4-4-12 hexadecimal digits. */
bool parse_uuid(const char *word);

#endif
