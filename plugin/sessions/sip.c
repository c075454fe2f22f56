/* The headers of RFC 3261 that name a dialog and a transaction, and where a message begins in a run of octets. */
#include "sessions/sip.h"

#include "keys/text_scan.h"

#include <glib.h>
#include <string.h>

#define ENCLOSING_REACH 65536 /* how far before a body its start line is looked for */

/* Linear white space: a folded value goes on over the line end (RFC 3261 section 7.3.1). */
static bool is_lws(char c)
{
    return text_is_white(c) || c == '\r' || c == '\n';
}

static void skip_lws(text_span *rest)
{
    while (rest->len > 0 && is_lws(rest->text[0])) {
        rest->text++;
        rest->len--;
    }
}

/* The characters up to white space or one of `stops`. */
static text_span take_word(text_span *rest, const char *stops)
{
    size_t n = 0;
    skip_lws(rest);
    while (n < rest->len && !is_lws(rest->text[n]) && (rest->text[n] == '\0' || !strchr(stops, rest->text[n])))
        n++;
    text_span word = text_span_of(rest->text, n);
    rest->text += n;
    rest->len -= n;
    return word;
}

static text_span take_number(text_span *rest, uint32_t *number)
{
    uint64_t value;
    text_span word = take_word(rest, "");
    if (text_decimal(word, UINT32_MAX, &value))
        *number = (uint32_t)value;
    else
        word.text = NULL;
    return word;
}

static bool is_token(text_span span)
{
    for (size_t i = 0; i < span.len; i++)
        if (!g_ascii_isalnum(span.text[i]) && (span.text[i] == '\0' || !strchr("-.!%*_+`'~", span.text[i])))
            return false;
    return span.len > 0;
}

/* "SIP/2.0"; another number is a version of SIP all the same (section 7.1). */
static bool is_version(text_span span)
{
    text_span major;
    if (!text_take_nocase(&span, "SIP/"))
        return false;
    text_next_part(&span, '.', &major);
    uint64_t number;
    return text_decimal(major, 99, &number) && text_decimal(span, 99, &number);
}

/* SIP/2.0 200 OK, or INVITE sip:bob@example.com SIP/2.0 (sections 7.1 and 7.2). A URI has a scheme, which
 * keeps prose apart. */
static bool read_start_line(text_span line, sip_message *message)
{
    text_span first, second, third;
    uint64_t status;
    if (!text_next_field(&line, &first) || !text_next_field(&line, &second))
        return false;
    if (is_version(first)) {
        if (second.len != 3 || !text_decimal(second, 699, &status) || status < 100)
            return false;
        message->is_response = true;
        message->status = (unsigned)status;
        return true;
    }
    if (!is_token(first) || second.text[0] == ':' || !memchr(second.text, ':', second.len) || !text_next_field(&line, &third) ||
        !is_version(third) || text_trim(line).len > 0)
        return false;
    message->method = first;
    return true;
}

/* Where a request begins in a line whose part before the version is `before`: at the method in front of the URI. Octets
 * of the packet that carries the message may stand directly before it, so a method known by name is looked for first. */
static bool find_method(text_span before, size_t *at)
{
    static const char *const methods[] = {"INVITE", "ACK",   "PRACK",  "UPDATE",    "BYE",     "CANCEL",
                                          "INFO",   "REFER", "MESSAGE", "SUBSCRIBE", "NOTIFY", "OPTIONS",
                                          "PUBLISH", "REGISTER"};
    size_t end = before.len;
    while (end > 0 && text_is_white(before.text[end - 1]))
        end--;
    while (end > 0 && !text_is_white(before.text[end - 1])) /* the URI */
        end--;
    while (end > 0 && text_is_white(before.text[end - 1]))
        end--;
    for (size_t i = 0; i < G_N_ELEMENTS(methods); i++) {
        size_t len = strlen(methods[i]);
        if (end >= len && memcmp(before.text + end - len, methods[i], len) == 0) {
            *at = end - len;
            /* PRACK ends in ACK. */
            if (i != 1 || end == len || before.text[*at - 1] != 'R')
                return true;
        }
    }
    for (*at = end; *at > 0 && g_ascii_isupper(before.text[*at - 1]);)
        --*at;
    return *at < end;
}

/* Whether a start line stands in `line`, at its beginning or behind other octets: a datagram's header does not end in a line
 * end. *at receives its offset. */
static bool find_start_in_line(text_span line, size_t *at)
{
    enum { MAX_VERSIONS = 16 }; /* looked at in one line */
    sip_message message;
    const char *version;
    size_t from = 0;
    unsigned versions = 0;
    *at = 0;
    if (line.len && !is_lws(line.text[0]) && read_start_line(line, &message))
        return true;
    while (versions < MAX_VERSIONS && (version = memchr(line.text + from, 'S', line.len - from)) != NULL) {
        size_t offset = (size_t)(version - line.text);
        from = offset + 1;
        if (line.len - offset < 4 || memcmp(version, "SIP/", 4) != 0)
            continue;
        versions++;
        if (read_start_line(text_span_of(version, line.len - offset), &message)) {
            *at = offset;
            return true;
        }
        if (find_method(text_span_of(line.text, offset), at) &&
            read_start_line(text_span_of(line.text + *at, line.len - *at), &message))
            return true;
    }
    return false;
}

/* Whether text[at..len) begins with a start line; cheap where it does not. */
static bool is_start(const char *text, size_t len, size_t at)
{
    sip_message message;
    text_span rest = text_span_of(text + at, len - at), line;
    return rest.len > 0 && !is_lws(rest.text[0]) && text_next_line(&rest, &line) && read_start_line(line, &message);
}

/* Takes off *rest what stands before the next `stop` outside quotes and <>. */
static text_span take_until(text_span *rest, const char *stops)
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

/* The value of ;name=value among the header parameters that *rest begins with; a ',' ends them. */
static text_span find_param(text_span rest, const char *name)
{
    take_until(&rest, ";,");
    while (text_take(&rest, ";")) {
        text_span param = take_until(&rest, ";,");
        text_span key = take_word(&param, "=");
        skip_lws(&param);
        if (text_is_nocase(key, name) && text_take(&param, "="))
            return take_word(&param, "");
    }
    return text_span_of(NULL, 0);
}

/* Without what follows the address itself: a ';' before the '@' is part of the user name. */
static text_span bare_uri(text_span uri)
{
    size_t at = 0, end;
    for (size_t i = 0; i < uri.len; i++)
        if (uri.text[i] == '@')
            at = i;
    for (end = at; end < uri.len && uri.text[end] != ';' && uri.text[end] != '?';)
        end++;
    uri.len = end;
    return uri;
}

/* From and To: a name before <uri>, or a bare URI whose first ';' begins the header's own parameters (section 20.10). */
static void read_party(text_span value, text_span *uri, text_span *tag)
{
    text_span rest = value;
    take_until(&rest, "<;");
    if (text_take(&rest, "<")) {
        *uri = bare_uri(take_word(&rest, ">"));
        take_until(&rest, ">");
    } else {
        *uri = bare_uri(take_word(&value, ";,"));
    }
    *tag = find_param(rest, "tag");
}

static text_span without_lws(text_span value)
{
    skip_lws(&value);
    while (value.len > 0 && is_lws(value.text[value.len - 1]))
        value.len--;
    return value;
}

typedef struct {
    sip_message *message;
    bool cseq_seen, via_seen;
} sip_header_walk;

static void read_cseq(sip_header_walk *walk, text_span value)
{
    if (walk->cseq_seen || !take_number(&value, &walk->message->cseq).text)
        return;
    walk->cseq_seen = true;
    if (walk->message->is_response)
        walk->message->method = take_word(&value, "");
}

/* RAck: <RSeq> <CSeq> <method> (RFC 3262 section 7.2) */
static void read_rack(sip_message *message, text_span value)
{
    uint32_t rseq;
    if (take_number(&value, &rseq).text)
        take_number(&value, &message->rack_cseq);
}

static bool is_name(text_span name, const char *full, const char *compact)
{
    return text_is_nocase(name, full) || (compact && text_is_nocase(name, compact));
}

/* Of a header that must stand once the first counts; of Via the first is the topmost. */
static void read_header(sip_header_walk *walk, text_span header)
{
    sip_message *message = walk->message;
    text_span name, value = header;
    uint32_t number;

    text_next_part(&value, ':', &name);
    name = text_trim(name);
    if (!value.text)
        return;
    if (is_name(name, "Call-ID", "i") && !message->call_id.text) {
        text_span word = take_word(&value, "");
        if (word.len > 0)
            message->call_id = word;
    } else if (is_name(name, "From", "f") && !message->from_uri.text) {
        read_party(value, &message->from_uri, &message->from_tag);
    } else if (is_name(name, "To", "t") && !message->to_uri.text) {
        read_party(value, &message->to_uri, &message->to_tag);
    } else if (is_name(name, "Via", "v") && !walk->via_seen) {
        message->via_branch = find_param(value, "branch");
        walk->via_seen = true;
    } else if (is_name(name, "CSeq", NULL)) {
        read_cseq(walk, value);
    } else if (is_name(name, "RAck", NULL) && message->rack_cseq == 0) {
        read_rack(message, value);
    } else if (is_name(name, "Content-Type", "c") && !message->content_type.text) {
        message->content_type = without_lws(value);
    } else if (is_name(name, "Content-Length", "l") && message->content_length == SIZE_MAX) {
        if (take_number(&value, &number).text)
            message->content_length = number;
    }
}

/* A header line with those that continue it. */
static bool next_header(text_span *rest, text_span *header)
{
    text_span more;
    if (!text_next_line(rest, header))
        return false;
    while (header->len > 0 && rest->len > 0 && text_is_white(rest->text[0]) && text_next_line(rest, &more))
        header->len = (size_t)(more.text - header->text) + more.len;
    return true;
}

/* *complete tells whether the empty line was there. A start line among the headers means that the first was none of a
 * message: so every octet of a text is read at most once for all its start lines. */
static bool parse(text_span text, sip_message *message, bool *complete)
{
    text_span rest = text, line;
    sip_message other;
    sip_header_walk walk = {.message = message};

    memset(message, 0, sizeof *message);
    message->content_length = SIZE_MAX;
    *complete = false;
    if (!text_next_line(&rest, &line) || !read_start_line(line, message))
        return false;
    while (!*complete && next_header(&rest, &line)) {
        *complete = line.len == 0;
        if (read_start_line(line, &other))
            return false;
        read_header(&walk, line);
    }
    message->header_len = text.len - rest.len;
    return message->call_id.text && walk.cseq_seen;
}

bool sip_parse(const char *text, size_t len, sip_message *message)
{
    bool complete;
    return parse(text_span_of(text, len), message, &complete);
}

/* The offset behind the line that `at` stands in. */
static size_t next_line_start(const char *text, size_t len, size_t at)
{
    text_span rest = text_span_of(text + at, len - at), line;
    text_next_line(&rest, &line);
    return len - rest.len;
}

bool sip_find_first(const char *text, size_t len, size_t from, size_t *start)
{
    text_span rest = text_span_of(text + from, len - MIN(from, len)), line;
    size_t at;
    while (rest.len > 0 && text_next_line(&rest, &line)) {
        if (find_start_in_line(line, &at)) {
            *start = (size_t)(line.text - text) + at;
            return true;
        }
    }
    return false;
}

/* How sure a message is to hold the body. */
typedef enum { HOLDS_NOT, ENDS_BEFORE, HAS_NO_LENGTH, HOLDS } sip_hold;

static sip_hold hold_of(text_span before_body, sip_message *message)
{
    bool complete;
    if (!parse(before_body, message, &complete) || !complete)
        return HOLDS_NOT;
    if (message->content_length == SIZE_MAX)
        return HAS_NO_LENGTH;
    return before_body.len - message->header_len < message->content_length ? HOLDS : ENDS_BEFORE;
}

/* Messages are tried from the first on. One whose Content-Length covers the body is the outermost, whatever messages stand
 * inside it. Else the nearest without Content-Length is taken, else the nearest whose Content-Length is too small. */
bool sip_find_enclosing(const char *text, size_t len, size_t body, size_t *start, sip_message *message)
{
    sip_hold best = HOLDS_NOT;
    size_t at = 0;

    body = MIN(body, len);
    if (body > ENCLOSING_REACH)
        at = next_line_start(text, body, body - ENCLOSING_REACH);
    while (best != HOLDS && sip_find_first(text, body, at, &at)) {
        sip_message found;
        sip_hold hold = hold_of(text_span_of(text + at, body - at), &found);
        if (hold != HOLDS_NOT && hold >= best) {
            best = hold;
            *start = at;
            *message = found;
        }
        /* On a stream the next message may follow a body that ends without a line end. */
        size_t end = hold == ENDS_BEFORE ? at + found.header_len + found.content_length : at;
        at = end > at && is_start(text, body, end) ? end : next_line_start(text, body, at);
    }
    return best != HOLDS_NOT;
}
