#include "sessions/message_text.h"

#include "keys/text_scan.h"

#include <glib.h>
#include <string.h>

/* Linear white space: a folded value goes on over the line end (RFC 3261 section 7.3.1). */
static bool is_lws(char c)
{
    return text_is_white(c) || c == '\r' || c == '\n';
}

/* --- start lines --------------------------------------------------------------------------------------------------- */

static bool is_token(text_span span)
{
    for (size_t i = 0; i < span.len; i++)
        if (!g_ascii_isalnum(span.text[i]) && (span.text[i] == '\0' || !strchr("-.!%*_+`'~", span.text[i])))
            return false;
    return span.len > 0;
}

/* "SIP/2.0"; another number is a version of SIP all the same (RFC 3261 section 7.1). */
static bool is_version(const message_syntax *syntax, text_span span)
{
    text_span major;
    if (!text_take_nocase(&span, syntax->version))
        return false;
    text_next_part(&span, '.', &major);
    uint64_t number;
    return text_decimal(major, 99, &number) && text_decimal(span, 99, &number);
}

static bool is_uri(const message_syntax *syntax, text_span span)
{
    return (syntax->star && text_is(span, "*")) || (span.text[0] != ':' && memchr(span.text, ':', span.len));
}

bool message_read_start(const message_syntax *syntax, text_span line, message_start *start)
{
    text_span first, second, third;
    uint64_t status;
    if (line.len == 0 || is_lws(line.text[0]) || !text_next_field(&line, &first) || !text_next_field(&line, &second))
        return false;
    memset(start, 0, sizeof *start);
    if (is_version(syntax, first)) {
        if (second.len != 3 || !text_decimal(second, 699, &status) || status < 100)
            return false;
        start->is_response = true;
        start->status = (unsigned)status;
        return true;
    }
    if (!is_token(first) || !is_uri(syntax, second) || !text_next_field(&line, &third) || !is_version(syntax, third) ||
        text_trim(line).len > 0)
        return false;
    start->method = first;
    start->uri = second;
    return true;
}

/* Where a request begins in a line whose part before the version is `before`: at the method in front of the URI. Octets
 * of the packet that carries the message may stand directly before it, so a method known by name is looked for first. */
static bool find_method(const message_syntax *syntax, text_span before, size_t *at)
{
    size_t end = before.len;
    while (end > 0 && text_is_white(before.text[end - 1]))
        end--;
    while (end > 0 && !text_is_white(before.text[end - 1])) /* the URI */
        end--;
    while (end > 0 && text_is_white(before.text[end - 1]))
        end--;
    for (size_t i = 0; i < syntax->method_count; i++) {
        size_t len = strlen(syntax->methods[i]);
        if (end >= len && memcmp(before.text + end - len, syntax->methods[i], len) == 0) {
            *at = end - len;
            return true;
        }
    }
    for (*at = end; *at > 0 && g_ascii_isupper(before.text[*at - 1]);)
        --*at;
    return *at < end;
}

/* Where the protocol's version stands next in `line` from `from` on. */
static bool find_version(const message_syntax *syntax, text_span line, size_t from, size_t *at)
{
    const size_t len = strlen(syntax->version);
    const char *found;
    while (from < line.len && (found = memchr(line.text + from, syntax->version[0], line.len - from)) != NULL) {
        *at = (size_t)(found - line.text);
        if (line.len - *at >= len && memcmp(found, syntax->version, len) == 0)
            return true;
        from = *at + 1;
    }
    return false;
}

/* Whether a start line stands in `line`, at its beginning or behind other octets: a datagram's header does not end in a line
 * end. *at receives its offset. */
static bool find_start_in_line(const message_syntax *syntax, text_span line, size_t *at)
{
    enum { MAX_VERSIONS = 16 }; /* looked at in one line */
    message_start start;
    size_t version = 0;
    *at = 0;
    if (message_read_start(syntax, line, &start))
        return true;
    for (unsigned i = 0; i < MAX_VERSIONS && find_version(syntax, line, version, &version); i++, version++) {
        if (message_read_start(syntax, text_span_of(line.text + version, line.len - version), &start)) {
            *at = version;
            return true;
        }
        if (find_method(syntax, text_span_of(line.text, version), at) &&
            message_read_start(syntax, text_span_of(line.text + *at, line.len - *at), &start))
            return true;
    }
    return false;
}

/* Where the protocol's version is named next in text[from..len), in whatever letters. */
static bool find_mention(const message_syntax *syntax, const char *text, size_t len, size_t from, size_t *at)
{
    const size_t name = strlen(syntax->version) - 1; /* before the '/' */
    const char *slash = text + from, *end = text + len;
    while (slash < end && (slash = memchr(slash, '/', (size_t)(end - slash))) != NULL) {
        if ((size_t)(slash - text) >= from + name && g_ascii_strncasecmp(slash - name, syntax->version, name) == 0) {
            *at = (size_t)(slash - text) - name;
            return true;
        }
        slash++;
    }
    return false;
}

/* Only lines that name the version are looked at: in most octets there is none. */
bool message_find_start(const message_syntax *syntax, const char *text, size_t len, size_t from, size_t *start)
{
    size_t begin, at;
    while (from < len && find_mention(syntax, text, len, from, &begin)) {
        while (begin > from && text[begin - 1] != '\r' && text[begin - 1] != '\n')
            begin--;
        text_span rest = text_span_of(text + begin, len - begin), line;
        text_next_line(&rest, &line);
        if (find_start_in_line(syntax, line, &at)) {
            *start = begin + at;
            return true;
        }
        from = len - rest.len;
    }
    return false;
}

size_t message_next_line(const char *text, size_t len, size_t at)
{
    text_span rest = text_span_of(text + at, len - at), line;
    text_next_line(&rest, &line);
    return len - rest.len;
}

/* --- headers ------------------------------------------------------------------------------------------------------- */

bool message_next_header(text_span *rest, text_span *header)
{
    text_span more;
    if (!text_next_line(rest, header))
        return false;
    while (header->len > 0 && rest->len > 0 && text_is_white(rest->text[0]) && text_next_line(rest, &more))
        header->len = (size_t)(more.text - header->text) + more.len;
    return true;
}

bool message_split_header(text_span header, text_span *name, text_span *value)
{
    *value = header;
    text_next_part(value, ':', name);
    *name = text_trim(*name);
    return value->text != NULL;
}

void message_skip_white(text_span *rest)
{
    while (rest->len > 0 && is_lws(rest->text[0])) {
        rest->text++;
        rest->len--;
    }
}

text_span message_trim(text_span value)
{
    message_skip_white(&value);
    while (value.len > 0 && is_lws(value.text[value.len - 1]))
        value.len--;
    return value;
}

text_span message_take_word(text_span *rest, const char *stops)
{
    size_t n = 0;
    message_skip_white(rest);
    while (n < rest->len && !is_lws(rest->text[n]) && (rest->text[n] == '\0' || !strchr(stops, rest->text[n])))
        n++;
    text_span word = text_span_of(rest->text, n);
    rest->text += n;
    rest->len -= n;
    return word;
}

bool message_take_number(text_span *rest, uint32_t *number)
{
    uint64_t value;
    if (!text_decimal(message_take_word(rest, ""), UINT32_MAX, &value))
        return false;
    *number = (uint32_t)value;
    return true;
}

text_span message_take_until(text_span *rest, const char *stops)
{
    size_t n = 0;
    bool quoted = false;
    for (; n < rest->len; n++) {
        char c = rest->text[n];
        if (quoted && c == '\\' && n + 1 < rest->len)
            n++;
        else if (c == '"')
            quoted = !quoted;
        else if (!quoted && c != '\0' && strchr(stops, c))
            break;
    }
    text_span taken = text_span_of(rest->text, n);
    rest->text += n;
    rest->len -= n;
    return taken;
}

void message_read_param(text_span param, text_span *name, text_span *value)
{
    *name = message_take_word(&param, "=");
    *value = text_span_of(NULL, 0);
    message_skip_white(&param);
    if (!text_take(&param, "="))
        return;
    message_skip_white(&param);
    if (text_take(&param, "\""))
        text_next_part(&param, '"', value);
    else
        *value = message_take_word(&param, "");
}
