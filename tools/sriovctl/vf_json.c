/* SPDX-License-Identifier: BSD-3-Clause */
#include "vf_json.h"

#include "parse.h"

#include <stdio.h>
#include <string.h>

const char *const vf_json_modes[] = {"none", "multi", "allmulti", "promisc", NULL};
static const char *const link_names[] = {"auto", "on", "off", NULL};

/* ---- to JSON ---- */

static void put_flag(json_t *object, const char *key, bool known, bool value)
{
    out_set(object, key, known ? json_boolean(value) : json_null());
}

static void put_number(json_t *object, const char *key, bool known, uint32_t value)
{
    out_set(object, key, known ? json_integer(value) : json_null());
}

static void put_mac(json_t *object, const struct sriov_mac *mac)
{
    char text[18];

    (void)snprintf(text, sizeof(text), "%02x:%02x:%02x:%02x:%02x:%02x", mac->b[0], mac->b[1], mac->b[2],
                   mac->b[3], mac->b[4], mac->b[5]);
    out_text(object, "mac", text);
}

/* An empty list: any VLAN. */
static void put_trunk(json_t *object, const struct vf_policy *policy)
{
    json_t *list = json_null();

    if ((policy->known & VF_POLICY_TRUNK) != 0) {
        list = out_array();
        for (uint16_t i = 0; i < policy->num_trunk; i++) {
            out_append(list, json_integer(policy->trunk[i]));
        }
    }
    out_set(object, "trunk", list);
}

void vf_json_put(json_t *object, const struct vf_policy *policy)
{
    bool vlan = (policy->known & VF_POLICY_VLAN) != 0;
    bool rate = (policy->known & VF_POLICY_RATE) != 0;

    put_mac(object, &policy->mac);
    put_number(object, "vlan", vlan, policy->vlan);
    put_number(object, "qos", vlan, policy->qos);
    put_flag(object, "trust", (policy->known & VF_POLICY_TRUST) != 0, policy->trusted);
    put_flag(object, "spoof_check", (policy->known & VF_POLICY_SPOOF_CHECK) != 0, policy->spoof_check);
    out_text(object, "link", (policy->known & VF_POLICY_LINK) != 0 ? link_names[policy->link] : NULL);
    put_number(object, "rate_mbps", rate, policy->max_rate);
    put_number(object, "min_rate_mbps", rate, policy->min_rate);
    put_trunk(object, policy);
    out_text(object, "rx_mode",
             (policy->known & VF_POLICY_RX_MODE) != 0 ? vf_json_modes[policy->rx_mode] : NULL);
}

/* ---- from JSON ---- */

/* The member, or NULL when it is not there or null. */
static const json_t *given(const json_t *object, const char *key)
{
    const json_t *value = json_object_get(object, key);

    return json_is_null(value) ? NULL : value;
}

/* *out keeps its value when the member is not there. */
static bool get_number(const json_t *object, const char *key, uint32_t most, uint32_t *out)
{
    const json_t *value = given(object, key);

    if (value == NULL) {
        return true;
    }
    if (!json_is_integer(value) || json_integer_value(value) < 0 || json_integer_value(value) > most) {
        return false;
    }
    *out = (uint32_t)json_integer_value(value);
    return true;
}

static bool get_flag(const json_t *object, const char *key, uint32_t part, struct vf_policy *policy,
                     bool *out)
{
    const json_t *value = given(object, key);

    if (value == NULL) {
        return true;
    }
    *out = json_is_true(value);
    policy->known |= part;
    return json_is_boolean(value);
}

static bool get_word(const json_t *object, const char *key, const char *const *names, uint32_t *out)
{
    const json_t *value = given(object, key);

    for (uint32_t i = 0; names[i] != NULL; i++) {
        if (json_is_string(value) && strcmp(json_string_value(value), names[i]) == 0) {
            *out = i;
            return true;
        }
    }
    return value == NULL;
}

static bool get_mac(const json_t *object, struct vf_policy *policy)
{
    const json_t *value = given(object, "mac");

    if (value == NULL) {
        return true;
    }
    policy->known |= VF_POLICY_MAC;
    return json_is_string(value) && parse_mac(json_string_value(value), &policy->mac);
}

static bool get_trunk(const json_t *object, struct vf_policy *policy)
{
    const json_t *list = given(object, "trunk");

    if (list == NULL) {
        return true;
    }
    if (!json_is_array(list) || json_array_size(list) > VF_POLICY_TRUNK_MAX) {
        return false;
    }
    for (size_t i = 0; i < json_array_size(list); i++) {
        json_int_t vid = json_integer_value(json_array_get(list, i));

        if (vid < 1 || vid > VF_POLICY_VLAN_MAX || (i > 0 && vid <= policy->trunk[i - 1])) {
            return false;
        }
        policy->trunk[i] = (uint16_t)vid;
    }
    policy->num_trunk = (uint16_t)json_array_size(list);
    policy->known |= VF_POLICY_TRUNK;
    return true;
}

static bool get_vlan(const json_t *object, struct vf_policy *policy)
{
    uint32_t vlan = 0;
    uint32_t qos = 0;

    if (!get_number(object, "vlan", VF_POLICY_VLAN_MAX, &vlan) ||
        !get_number(object, "qos", VF_POLICY_QOS_MAX, &qos)) {
        return false;
    }
    policy->vlan = (uint16_t)vlan;
    policy->qos = (uint8_t)qos;
    policy->vlan_protocol = VF_POLICY_8021Q;
    policy->known |= given(object, "vlan") != NULL ? VF_POLICY_VLAN : 0;
    return true;
}

static bool get_rest(const json_t *object, struct vf_policy *policy)
{
    uint32_t mode = 0;

    if (!get_word(object, "link", link_names, &policy->link) ||
        !get_word(object, "rx_mode", vf_json_modes, &mode) ||
        !get_number(object, "rate_mbps", UINT32_MAX, &policy->max_rate) ||
        !get_number(object, "min_rate_mbps", UINT32_MAX, &policy->min_rate)) {
        return false;
    }
    policy->rx_mode = (enum sriov_rx_mode)mode;
    policy->known |= given(object, "link") != NULL ? VF_POLICY_LINK : 0;
    policy->known |= given(object, "rx_mode") != NULL ? VF_POLICY_RX_MODE : 0;
    policy->known |= given(object, "rate_mbps") != NULL ? VF_POLICY_RATE : 0;
    return true;
}

bool vf_json_get(const json_t *object, struct vf_policy *policy)
{
    *policy = (struct vf_policy){.known = 0};
    return get_mac(object, policy) && get_vlan(object, policy) && get_trunk(object, policy) &&
           get_flag(object, "trust", VF_POLICY_TRUST, policy, &policy->trusted) &&
           get_flag(object, "spoof_check", VF_POLICY_SPOOF_CHECK, policy, &policy->spoof_check) &&
           get_rest(object, policy);
}
