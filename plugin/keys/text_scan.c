#include "keys/text_scan.h"

#include <glib.h>
#include <string.h>

#ifdef _WIN32
#include <winsock2.h>
#include <ws2tcpip.h>
#else
#include <arpa/inet.h>
#endif

static bool begins_with(text_span span, const char *literal, bool nocase)
{
    size_t len = strlen(literal);
    if (span.len < len)
        return false;
    for (size_t i = 0; i < len; i++) {
        char a = span.text[i], b = literal[i];
        if (a != b && !(nocase && g_ascii_tolower(a) == g_ascii_tolower(b)))
            return false;
    }
    return true;
}

bool text_is(text_span span, const char *literal)
{
    return span.len == strlen(literal) && begins_with(span, literal, false);
}

bool text_is_nocase(text_span span, const char *literal)
{
    return span.len == strlen(literal) && begins_with(span, literal, true);
}

static bool take(text_span *span, const char *literal, bool nocase)
{
    if (!begins_with(*span, literal, nocase))
        return false;
    size_t len = strlen(literal);
    span->text += len;
    span->len -= len;
    return true;
}

bool text_take(text_span *span, const char *literal)
{
    return take(span, literal, false);
}

bool text_take_nocase(text_span *span, const char *literal)
{
    return take(span, literal, true);
}

text_span text_trim(text_span span)
{
    while (span.len > 0 && text_is_white(span.text[0])) {
        span.text++;
        span.len--;
    }
    while (span.len > 0 && text_is_white(span.text[span.len - 1]))
        span.len--;
    return span;
}

bool text_next_line(text_span *rest, text_span *line)
{
    if (rest->len == 0)
        return false;
    size_t end = 0;
    while (end < rest->len && rest->text[end] != '\r' && rest->text[end] != '\n')
        end++;
    *line = text_span_of(rest->text, end);
    size_t used = end;
    if (used < rest->len)
        used += rest->text[end] == '\r' && end + 1 < rest->len && rest->text[end + 1] == '\n' ? 2 : 1;
    rest->text += used;
    rest->len -= used;
    return true;
}

bool text_next_field(text_span *rest, text_span *field)
{
    size_t start = 0;
    while (start < rest->len && text_is_white(rest->text[start]))
        start++;
    if (start == rest->len)
        return false;
    size_t end = start;
    while (end < rest->len && !text_is_white(rest->text[end]))
        end++;
    *field = text_span_of(rest->text + start, end - start);
    rest->text += end;
    rest->len -= end;
    return true;
}

bool text_next_part(text_span *rest, char separator, text_span *part)
{
    if (!rest->text)
        return false;
    const char *found = memchr(rest->text, separator, rest->len);
    if (!found) {
        *part = *rest;
        *rest = text_span_of(NULL, 0);
        return true;
    }
    size_t len = (size_t)(found - rest->text);
    *part = text_span_of(rest->text, len);
    rest->text += len + 1;
    rest->len -= len + 1;
    return true;
}

bool text_decimal(text_span span, uint64_t max, uint64_t *value)
{
    if (span.len == 0)
        return false;
    uint64_t number = 0;
    for (size_t i = 0; i < span.len; i++) {
        if (!text_is_digit(span.text[i]))
            return false;
        uint64_t digit = (uint64_t)(span.text[i] - '0');
        if (digit > max || number > (max - digit) / 10)
            return false;
        number = number * 10 + digit;
    }
    *value = number;
    return true;
}

bool text_hex(text_span span, uint8_t *octets, size_t room)
{
    if (span.len % 2 != 0 || span.len / 2 > room)
        return false;
    for (size_t i = 0; i < span.len; i += 2) {
        int high = g_ascii_xdigit_value(span.text[i]), low = g_ascii_xdigit_value(span.text[i + 1]);
        if (high < 0 || low < 0)
            return false;
        octets[i / 2] = (uint8_t)(high << 4 | low);
    }
    return true;
}

bool text_hex_number(text_span span, uint32_t *value)
{
    if (span.len == 0 || span.len > 8)
        return false;
    uint32_t number = 0;
    for (size_t i = 0; i < span.len; i++) {
        int digit = g_ascii_xdigit_value(span.text[i]);
        if (digit < 0)
            return false;
        number = number << 4 | (uint32_t)digit;
    }
    *value = number;
    return true;
}

bool text_ip_address(text_span span, uint8_t ip[16], uint8_t *ip_len)
{
    char literal[INET6_ADDRSTRLEN];
    if (span.len == 0 || span.len >= sizeof literal || memchr(span.text, '\0', span.len))
        return false;
    memcpy(literal, span.text, span.len);
    literal[span.len] = '\0';
    memset(ip, 0, 16);
    if (inet_pton(AF_INET, literal, ip) == 1)
        *ip_len = 4;
    else if (inet_pton(AF_INET6, literal, ip) == 1)
        *ip_len = 16;
    else
        return false;
    return true;
}
