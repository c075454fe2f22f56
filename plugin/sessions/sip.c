/* The headers of RFC 3261 that name a dialog and a transaction, and where a message begins in a run of octets. */
#include "sessions/sip.h"

#include "keys/text_scan.h"
#include "sessions/message_text.h"

#include <glib.h>
#include <string.h>

#define ENCLOSING_REACH 65536 /* how far before a body its start line is looked for */

static const char *const methods[] = {"INVITE", "PRACK", "ACK",     "UPDATE",    "BYE",    "CANCEL",  "INFO",
                                      "REFER",  "MESSAGE", "SUBSCRIBE", "NOTIFY", "OPTIONS", "PUBLISH", "REGISTER"};
static const message_syntax sip_syntax = {.version = "SIP/", .methods = methods, .method_count = G_N_ELEMENTS(methods)};

/* The value of ;name=value among the header parameters that *rest begins with; a ',' ends them. */
static text_span find_param(text_span rest, const char *name)
{
    text_span key, value;
    message_take_until(&rest, ";,");
    while (text_take(&rest, ";")) {
        message_read_param(message_take_until(&rest, ";,"), &key, &value);
        if (text_is_nocase(key, name) && value.text)
            return value;
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
    message_take_until(&rest, "<;");
    if (text_take(&rest, "<")) {
        *uri = bare_uri(message_take_word(&rest, ">"));
        message_take_until(&rest, ">");
    } else {
        *uri = bare_uri(message_take_word(&value, ";,"));
    }
    *tag = find_param(rest, "tag");
}

typedef struct {
    sip_message *message;
    bool cseq_seen, via_seen;
} sip_header_walk;

static void read_cseq(sip_header_walk *walk, text_span value)
{
    if (walk->cseq_seen || !message_take_number(&value, &walk->message->cseq))
        return;
    walk->cseq_seen = true;
    if (walk->message->is_response)
        walk->message->method = message_take_word(&value, "");
}

/* RAck: <RSeq> <CSeq> <method> (RFC 3262 section 7.2) */
static void read_rack(sip_message *message, text_span value)
{
    uint32_t rseq;
    if (message_take_number(&value, &rseq))
        message_take_number(&value, &message->rack_cseq);
}

static bool is_name(text_span name, const char *full, const char *compact)
{
    return text_is_nocase(name, full) || (compact && text_is_nocase(name, compact));
}

/* Of a header that must stand once the first counts; of Via the first is the topmost. */
static void read_header(sip_header_walk *walk, text_span header)
{
    sip_message *message = walk->message;
    text_span name, value;
    uint32_t number;

    if (!message_split_header(header, &name, &value))
        return;
    if (is_name(name, "Call-ID", "i") && !message->call_id.text) {
        text_span word = message_take_word(&value, "");
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
        message->content_type = message_trim(value);
    } else if (is_name(name, "Content-Length", "l") && message->content_length == SIZE_MAX) {
        if (message_take_number(&value, &number))
            message->content_length = number;
    }
}

/* *complete tells whether the empty line was there. A start line among the headers means that the first was none of a message. Whatever
 * comes of it, header_len tells how far was read: behind any other start line within, the same headers would be missing, so whoever goes
 * on from there reads every octet of a text once. */
static bool parse(text_span text, sip_message *message, bool *complete)
{
    text_span rest = text, line;
    message_start start, other;
    sip_header_walk walk = {.message = message};

    memset(message, 0, sizeof *message);
    message->content_length = SIZE_MAX;
    *complete = false;
    const bool begins = text_next_line(&rest, &line) && message_read_start(&sip_syntax, line, &start);
    message->header_len = text.len - rest.len;
    if (!begins)
        return false;
    message->is_response = start.is_response;
    message->status = start.status;
    message->method = start.method;
    while (!*complete && message_next_header(&rest, &line)) {
        if (message_read_start(&sip_syntax, line, &other))
            return false;
        *complete = line.len == 0;
        message->header_len = text.len - rest.len;
        read_header(&walk, line);
    }
    return message->call_id.text && walk.cseq_seen;
}

bool sip_parse(const char *text, size_t len, sip_message *message)
{
    bool complete;
    return parse(text_span_of(text, len), message, &complete);
}

bool sip_find_first(const char *text, size_t len, size_t from, size_t *start)
{
    return message_find_start(&sip_syntax, text, len, from, start);
}

/* Whether text[at..len) begins with a start line; cheap where it does not. */
static bool is_start(const char *text, size_t len, size_t at)
{
    message_start start;
    text_span rest = text_span_of(text + at, len - at), line;
    return text_next_line(&rest, &line) && message_read_start(&sip_syntax, line, &start);
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
        at = message_next_line(text, body, body - ENCLOSING_REACH);
    while (best != HOLDS && sip_find_first(text, body, at, &at)) {
        sip_message found;
        sip_hold hold = hold_of(text_span_of(text + at, body - at), &found);
        if (hold != HOLDS_NOT && hold >= best) {
            best = hold;
            *start = at;
            *message = found;
        }
        at += found.header_len;
        /* On a stream the next message may follow a body that ends without a line end. */
        if (hold == ENDS_BEFORE && is_start(text, body, at + found.content_length))
            at += found.content_length;
    }
    return best != HOLDS_NOT;
}
