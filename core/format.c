/* SPDX-License-Identifier: BSD-3-Clause */
/* A small printf: what a log line needs, without libc. */
#include "core.h"

struct out {
    char *text;
    size_t room;
    size_t length; /* of the whole text, whatever fits */
};

struct spec {
    bool left;
    bool zero;
    size_t width;
    int length; /* -2 hh, -1 h, 0 int, 1 l, 2 ll, 3 z */
    char conv;
};

static void put(struct out *o, char c)
{
    if (o->length + 1 < o->room) {
        o->text[o->length] = c;
    }
    o->length++;
}

static void put_n(struct out *o, char c, size_t n)
{
    while (n-- > 0) {
        put(o, c);
    }
}

/* prefix: a sign or 0x, which zeros follow. */
static void put_field(struct out *o, const struct spec *s, const char *prefix, const char *body, size_t n)
{
    size_t prefix_n = 0;
    size_t pad;

    while (prefix[prefix_n] != '\0') {
        prefix_n++;
    }
    pad = s->width > prefix_n + n ? s->width - prefix_n - n : 0;
    if (!s->left && !s->zero) {
        put_n(o, ' ', pad);
    }
    for (size_t i = 0; i < prefix_n; i++) {
        put(o, prefix[i]);
    }
    if (!s->left && s->zero) {
        put_n(o, '0', pad);
    }
    for (size_t i = 0; i < n; i++) {
        put(o, body[i]);
    }
    if (s->left) {
        put_n(o, ' ', pad);
    }
}

static void put_number(struct out *o, const struct spec *s, const char *prefix, uint64_t value, uint32_t base)
{
    const char *digits = s->conv == 'X' ? "0123456789ABCDEF" : "0123456789abcdef";
    char body[20]; /* UINT64_MAX in decimal */
    size_t at = sizeof(body);

    do {
        body[--at] = digits[value % base];
        value /= base;
    } while (value != 0);
    put_field(o, s, prefix, body + at, sizeof(body) - at);
}

static void put_string(struct out *o, struct spec *s, const char *text)
{
    size_t n = 0;

    if (text == NULL) {
        text = "(null)";
    }
    while (text[n] != '\0') {
        n++;
    }
    s->zero = false;
    put_field(o, s, "", text, n);
}

/* Parses what stands behind %; returns where the conversion letter is. */
static const char *parse(const char *p, struct spec *s)
{
    memset(s, 0, sizeof(*s));
    for (; *p == '-' || *p == '0'; p++) {
        s->left = s->left || *p == '-';
        s->zero = s->zero || *p == '0';
    }
    for (; *p >= '0' && *p <= '9'; p++) {
        s->width = s->width * 10 + (size_t)(*p - '0');
    }
    for (; *p == 'l' || *p == 'h'; p++) {
        s->length += *p == 'l' ? 1 : -1;
    }
    if (*p == 'z') {
        s->length = 3;
        p++;
    }
    s->conv = *p;
    return p;
}

static uint64_t take_unsigned(const struct spec *s, va_list *args)
{
    switch (s->length) {
    case 1:
        return va_arg(*args, unsigned long);
    case 2:
        return va_arg(*args, unsigned long long);
    case 3:
        return va_arg(*args, size_t);
    case -1:
        return (unsigned short)va_arg(*args, unsigned int);
    case -2:
        return (unsigned char)va_arg(*args, unsigned int);
    default:
        return va_arg(*args, unsigned int);
    }
}

static int64_t take_signed(const struct spec *s, va_list *args)
{
    switch (s->length) {
    case 1:
        return va_arg(*args, long);
    case 2:
        return va_arg(*args, long long);
    case 3:
        return (int64_t)va_arg(*args, size_t);
    case -1:
        return (short)va_arg(*args, int);
    case -2:
        return (signed char)va_arg(*args, int);
    default:
        return va_arg(*args, int);
    }
}

static void put_signed(struct out *o, const struct spec *s, int64_t value)
{
    uint64_t size = value < 0 ? 0 - (uint64_t)value : (uint64_t)value;

    put_number(o, s, value < 0 ? "-" : "", size, 10);
}

static void convert(struct out *o, struct spec *s, va_list *args)
{
    char c;

    switch (s->conv) {
    case 'd':
    case 'i':
        put_signed(o, s, take_signed(s, args));
        break;
    case 'u':
        put_number(o, s, "", take_unsigned(s, args), 10);
        break;
    case 'x':
    case 'X':
        put_number(o, s, "", take_unsigned(s, args), 16);
        break;
    case 'p':
        put_number(o, s, "0x", (uint64_t)(uintptr_t)va_arg(*args, void *), 16);
        break;
    case 's':
        put_string(o, s, va_arg(*args, const char *));
        break;
    case 'c':
        c = (char)va_arg(*args, int);
        s->zero = false;
        put_field(o, s, "", &c, 1);
        break;
    default: /* %% and what we do not know: as it stands */
        put(o, s->conv);
        break;
    }
}

size_t sric_vformat(char *out, size_t room, const char *fmt, va_list args)
{
    struct out o = {out, room, 0};
    struct spec s;
    va_list rest;

    va_copy(rest, args);
    for (const char *p = fmt; *p != '\0'; p++) {
        if (*p != '%') {
            put(&o, *p);
            continue;
        }
        p = parse(p + 1, &s);
        if (s.conv == '\0') {
            break;
        }
        convert(&o, &s, &rest);
    }
    va_end(rest);
    if (room > 0) {
        out[o.length < room ? o.length : room - 1] = '\0';
    }
    return o.length;
}

size_t sriov_format(char *out, size_t room, const char *fmt, ...)
{
    va_list args;
    size_t length;

    va_start(args, fmt);
    length = sric_vformat(out, room, fmt, args);
    va_end(args);
    return length;
}
