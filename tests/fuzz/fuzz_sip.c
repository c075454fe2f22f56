/* SIP: each piece is a text, and its first two octets say where in it a body is taken to be. */
#include "fuzz.h"

#include "ciphers/octets.h"

#include <stdlib.h>

static void touch_message(const sip_message *message, octet_span text)
{
    const text_span spans[] = {message->method,   message->call_id, message->from_tag,   message->to_tag,
                               message->from_uri, message->to_uri,  message->via_branch, message->content_type};
    for (size_t i = 0; i < G_N_ELEMENTS(spans); i++)
        fuzz_touch_text(spans[i], text);
    FUZZ_MUST(message->header_len <= text.len);
    FUZZ_MUST(message->call_id.text && message->method.text);
}

static void take(octet_span piece)
{
    if (piece.len < 2)
        return;
    const size_t body = octets_u16(piece.data);
    const octet_span copy = fuzz_copy(piece.data + 2, piece.len - 2);
    const char *text = (const char *)copy.data;
    sip_message message;
    size_t start = 0;
    if (sip_parse(text, copy.len, &message))
        touch_message(&message, copy);
    for (size_t from = 0; sip_find_first(text, copy.len, from, &start);) {
        FUZZ_MUST(start >= from && start < copy.len);
        if (sip_parse(text + start, copy.len - start, &message))
            touch_message(&message, octet_span_at(copy.data + start, copy.len - start));
        FUZZ_MUST(message.header_len > 0);
        from = start + message.header_len;
    }
    if (body <= copy.len && sip_find_enclosing(text, copy.len, body, &start, &message)) {
        FUZZ_MUST(start + message.header_len <= body);
        touch_message(&message, octet_span_at(copy.data + start, copy.len - start));
    }
    free((void *)copy.data);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    octet_span rest = octet_span_at(data, len), piece;
    while (fuzz_piece(&rest, &piece)) {
        take(piece);
        free((void *)piece.data);
    }
    return 0;
}
