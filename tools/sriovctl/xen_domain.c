/* SPDX-License-Identifier: BSD-3-Clause */
#include "xen_domain.h"

#include "parse.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Some 2 KiB a domain. */
#define TEXT_MOST (UINT32_C(1) << 20)

/* ---- reading ---- */

/* Both outputs of xl's come together: warnings may stand before the array. */
static const char *begin_of(const char *text)
{
    while (text != NULL && *text != '[') {
        const char *end = strchr(text, '\n');
        text = end != NULL ? end + 1 : NULL;
    }
    return text;
}

static json_t *parse(struct cli *cli, const char *text)
{
    json_error_t error;
    const char *begin = begin_of(text);
    json_t *domains = begin != NULL ? json_loads(begin, JSON_DISABLE_EOF_CHECK, &error) : NULL;

    if (!json_is_array(domains)) {
        json_decref(domains);
        (void)cli_fail(cli, "xl list -l: no list of domains comes; see: xl list -l");
        return NULL;
    }
    return domains;
}

json_t *xen_domains(struct cli *cli, uint64_t timeout_ns)
{
    static const char *const words[] = {"list", "-l", NULL};
    char why[CLI_WHY_MAX];
    char *text = malloc(TEXT_MOST);
    json_t *domains = NULL;

    if (text == NULL) {
        (void)cli_fail(cli, "out of memory");
        return NULL;
    }
    if (sriov_xen_xl(words, timeout_ns, text, TEXT_MOST, why, sizeof(why)) != 0) {
        (void)cli_fail(cli, "%s", why);
    } else {
        domains = parse(cli, text);
    }
    free(text);
    return domains;
}

/* ---- one of them ---- */

static const json_t *c_info(const json_t *entry)
{
    return json_object_get(json_object_get(entry, "config"), "c_info");
}

static const char *text_of(const json_t *object, const char *key)
{
    const char *text = json_string_value(json_object_get(object, key));

    return text != NULL ? text : "";
}

/* Domains that were created with functions may use them though nothing is said. */
static bool takes_functions(const json_t *entry)
{
    const char *word = text_of(c_info(entry), "passthrough");
    const json_t *devices = json_object_get(json_object_get(entry, "config"), "pcidevs");

    if (strcmp(word, "enabled") == 0 || strcmp(word, "sync_pt") == 0 || strcmp(word, "share_pt") == 0) {
        return true;
    }
    return strcmp(word, "disabled") != 0 && json_array_size(devices) != 0;
}

static bool take(const json_t *entry, struct xen_domain *domain)
{
    const json_t *id = json_object_get(entry, "domid");

    if (!json_is_integer(id) || json_integer_value(id) < 0 || json_integer_value(id) > UINT16_MAX) {
        return false;
    }
    domain->id = (uint32_t)json_integer_value(id);
    (void)snprintf(domain->name, sizeof(domain->name), "%s", text_of(c_info(entry), "name"));
    (void)snprintf(domain->type, sizeof(domain->type), "%s", text_of(c_info(entry), "type"));
    domain->passthrough = takes_functions(entry);
    return true;
}

int xen_domain_find(struct cli *cli, const json_t *domains, const char *word, struct xen_domain *domain)
{
    uint64_t id = UINT64_MAX;
    bool is_number = parse_number(word, &id);

    for (size_t i = 0; i < json_array_size(domains); i++) {
        if (take(json_array_get(domains, i), domain) &&
            (strcmp(domain->name, word) == 0 || (is_number && domain->id == id))) {
            if (domain->id == 0) {
                return cli_fail(cli, "%.64s is dom0, which has all functions: name a guest of: xl list",
                                word);
            }
            return CLI_OK;
        }
    }
    return cli_fail(cli, "there is no domain %.64s; see: xl list", word);
}

/* Members that are zero are left out. */
static unsigned number_of(const json_t *object, const char *key)
{
    return (unsigned)json_integer_value(json_object_get(object, key));
}

static bool has(const json_t *entry, const char *bdf)
{
    const json_t *devices = json_object_get(json_object_get(entry, "config"), "pcidevs");

    for (size_t i = 0; i < json_array_size(devices); i++) {
        const json_t *device = json_array_get(devices, i);
        char name[64];
        (void)snprintf(name, sizeof(name), "%04x:%02x:%02x.%x", number_of(device, "domain"),
                       number_of(device, "bus"), number_of(device, "dev"), number_of(device, "func"));
        if (strcmp(name, bdf) == 0) {
            return true;
        }
    }
    return false;
}

bool xen_domain_with(const json_t *domains, const char *bdf, struct xen_domain *domain)
{
    for (size_t i = 0; i < json_array_size(domains); i++) {
        const json_t *entry = json_array_get(domains, i);
        if (has(entry, bdf) && take(entry, domain)) {
            return true;
        }
    }
    return false;
}

json_t *xen_domain_describe(const struct xen_domain *domain)
{
    json_t *object = out_object();

    out_text(object, "name", domain->name);
    out_number(object, "id", domain->id);
    out_text(object, "type", domain->type);
    return object;
}
