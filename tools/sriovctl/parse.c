/* SPDX-License-Identifier: BSD-3-Clause */
#include "parse.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* strtoull takes signs and spaces, which are no digits here. */
static bool number_until(const char *word, const char **end, uint64_t *value)
{
    char *stop;
    bool hex = word[0] == '0' && (word[1] == 'x' || word[1] == 'X');

    if (!isdigit((unsigned char)word[0])) {
        return false;
    }
    errno = 0;
    *value = strtoull(word, &stop, hex ? 16 : 10);
    *end = stop;
    return errno == 0 && stop != word;
}

bool parse_number(const char *word, uint64_t *value)
{
    const char *end;

    return number_until(word, &end, value) && *end == '\0';
}

bool parse_range(const char *word, uint64_t *least, uint64_t *most)
{
    const char *end;

    if (!number_until(word, &end, least)) {
        return false;
    }
    *most = *least;
    if (*end == '\0') {
        return true;
    }
    return *end == '-' && parse_number(end + 1, most) && *least <= *most;
}

bool parse_pair(const char *word, char between, uint64_t *first, uint64_t *second)
{
    const char *end;

    *second = 0;
    if (!number_until(word, &end, first)) {
        return false;
    }
    return *end == '\0' || (*end == between && parse_number(end + 1, second));
}

bool parse_mac(const char *word, struct sriov_mac *mac)
{
    static const char shape[] = "xx:xx:xx:xx:xx:xx";

    if (strlen(word) != sizeof(shape) - 1) {
        return false;
    }
    for (size_t i = 0; i < sizeof(shape) - 1; i++) {
        bool colon = shape[i] == ':';
        if (colon ? word[i] != ':' : !isxdigit((unsigned char)word[i])) {
            return false;
        }
    }
    for (size_t i = 0; i < sizeof(mac->b); i++) {
        mac->b[i] = (uint8_t)strtoul(word + 3 * i, NULL, 16);
    }
    return (mac->b[0] & 1) == 0;
}

static double unit_ns(const char *unit)
{
    static const struct {
        const char *name;
        double ns;
    } units[] = {{"", 1e9}, {"s", 1e9}, {"ms", 1e6}, {"us", 1e3}, {"ns", 1}, {"m", 60e9}};

    for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
        if (strcmp(unit, units[i].name) == 0) {
            return units[i].ns;
        }
    }
    return 0;
}

bool parse_time(const char *word, uint64_t *ns)
{
    char *end;

    if (!isdigit((unsigned char)word[0]) || strncasecmp(word, "0x", 2) == 0) {
        return false;
    }
    double value = strtod(word, &end) * unit_ns(end);
    if (unit_ns(end) == 0 || !(value >= 0 && value < 1e18)) {
        return false;
    }
    *ns = (uint64_t)(value + 0.5);
    return true;
}

bool parse_host_ip(const char *word, uint32_t *ip)
{
    struct in_addr address;

    if (inet_pton(AF_INET, word, &address) != 1) {
        return false;
    }
    *ip = ntohl(address.s_addr);
    return *ip >> 24 != 0 && *ip >> 28 < 14;
}

bool parse_bdf(const char *word, char *bdf)
{
    unsigned domain = 0;
    unsigned bus;
    unsigned device;
    unsigned function;
    int end = -1;

    if (strlen(word) >= SRIOV_NAME_MAX) {
        return false;
    }
    (void)sscanf(word, "%4x:%2x:%2x.%1x%n", &domain, &bus, &device, &function, &end);
    if (end < 0) {
        domain = 0;
        (void)sscanf(word, "%2x:%2x.%1x%n", &bus, &device, &function, &end);
    }
    if (end < 0 || word[end] != '\0' || strspn(word, "0123456789abcdefABCDEF:.") != strlen(word) ||
        device > 31 || function > 7) {
        return false;
    }
    (void)snprintf(bdf, SRIOV_NAME_MAX, "%04x:%02x:%02x.%x", domain, bus, device, function);
    return true;
}

bool parse_uuid(const char *word)
{
    static const char shape[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

    if (strlen(word) != sizeof(shape) - 1) {
        return false;
    }
    for (size_t i = 0; i < sizeof(shape) - 1; i++) {
        bool dash = shape[i] == '-';
        if (dash ? word[i] != '-' : !isxdigit((unsigned char)word[i])) {
            return false;
        }
    }
    return true;
}
