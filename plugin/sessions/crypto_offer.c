#include "sessions/crypto_offer.h"

#include "keys/fingerprint.h"

#include <glib.h>
#include <openssl/crypto.h>
#include <string.h>

typedef struct {
    unsigned media_index;
    uint32_t tag;
    const crypto_suite *suite;
    char fingerprint[KEY_FINGERPRINT_LEN + 1]; /* of its first key; empty: not usable */
    bool unencrypted_srtp, unencrypted_srtcp, unauthenticated_srtp;
} offered_line;

struct crypto_offer {
    GArray *lines; /* offered_line */
};

static void add_line(crypto_offer *offer, unsigned media_index, const sdes_crypto *crypto)
{
    offered_line line = {.media_index = media_index, .tag = crypto->tag, .suite = crypto->suite};
    srtp_master_key key;
    if (crypto->key_count && sdes_crypto_master_key(crypto, 0, &key)) {
        line.unencrypted_srtp = key.unencrypted_srtp;
        line.unencrypted_srtcp = key.unencrypted_srtcp;
        line.unauthenticated_srtp = key.unauthenticated_srtp;
        OPENSSL_cleanse(&key, sizeof key);
    }
    if (crypto->key_count && crypto->keys[0].usable)
        key_fingerprint(crypto->keys[0].key_salt, crypto->keys[0].key_salt_len, line.fingerprint);
    g_array_append_val(offer->lines, line);
}

crypto_offer *crypto_offer_new(const sdp_body *body)
{
    crypto_offer *offer = g_new(crypto_offer, 1);
    offer->lines = g_array_new(FALSE, TRUE, sizeof(offered_line));
    for (unsigned m = 0; m < body->media_count; m++)
        for (unsigned c = 0; c < body->media[m].crypto_count; c++)
            add_line(offer, body->media[m].index, body->media[m].crypto[c]);
    return offer;
}

void crypto_offer_free(crypto_offer *offer)
{
    if (!offer)
        return;
    g_array_free(offer->lines, TRUE);
    g_free(offer);
}

bool crypto_offer_has(const crypto_offer *offer, unsigned media_index)
{
    for (guint i = 0; i < offer->lines->len; i++)
        if (g_array_index(offer->lines, offered_line, i).media_index == media_index)
            return true;
    return false;
}

static uint32_t check_line(const GArray *offered, unsigned media_index, const sdes_crypto *answer)
{
    uint32_t problems = 0;
    char fingerprint[KEY_FINGERPRINT_LEN + 1] = "";
    if (answer->key_count && answer->keys[0].usable)
        key_fingerprint(answer->keys[0].key_salt, answer->keys[0].key_salt_len, fingerprint);
    const offered_line *match = NULL;
    for (guint i = 0; i < offered->len; i++) {
        const offered_line *line = &g_array_index(offered, offered_line, i);
        if (line->media_index != media_index)
            continue;
        if (line->tag == answer->tag)
            match = line;
        if (fingerprint[0] && strcmp(line->fingerprint, fingerprint) == 0)
            problems |= ANSWER_KEY_OF_OFFER;
    }
    if (!match)
        return problems | ANSWER_TAG_NOT_OFFERED;
    if (match->suite != answer->suite)
        problems |= ANSWER_SUITE_DIFFERS;
    srtp_master_key key;
    if (answer->key_count && sdes_crypto_master_key(answer, 0, &key)) {
        if (match->unencrypted_srtp != key.unencrypted_srtp || match->unencrypted_srtcp != key.unencrypted_srtcp ||
            match->unauthenticated_srtp != key.unauthenticated_srtp)
            problems |= ANSWER_PARAM_NOT_ECHOED;
        OPENSSL_cleanse(&key, sizeof key);
    }
    return problems;
}

/* Compares an answered m= line with its offer (RFC 4568 sections 5.1.2, 5.1.3 and 5.3). */
uint32_t crypto_offer_check(const crypto_offer *offer, const sdp_media *answer)
{
    uint32_t problems = 0;
    if (answer->rtp.port && crypto_offer_has(offer, answer->index) && !answer->crypto_count && !answer->has_key_mgmt)
        problems |= ANSWER_WITHOUT_CRYPTO;
    if (answer->crypto_count > 1)
        problems |= ANSWER_SEVERAL_LINES;
    for (unsigned c = 0; c < answer->crypto_count; c++)
        problems |= check_line(offer->lines, answer->index, answer->crypto[c]);
    return problems;
}

const char *answer_problem_text(uint32_t problems)
{
    if (problems & ANSWER_TAG_NOT_OFFERED)
        return "The answer's tag is not one of the offer's (RFC 4568 section 5.1.2)";
    if (problems & ANSWER_SUITE_DIFFERS)
        return "The answer's crypto suite is not the one offered under its tag (RFC 4568 section 5.1.2)";
    if (problems & ANSWER_SEVERAL_LINES)
        return "The answer has more than one a=crypto line (RFC 4568 section 5.1.2)";
    if (problems & ANSWER_WITHOUT_CRYPTO)
        return "The offer had a=crypto, the answer accepts without (RFC 4568 section 5.3)";
    if (problems & ANSWER_KEY_OF_OFFER)
        return "The answer uses the offer's key: both directions share a keystream (RFC 4568 section 7.1.2)";
    return "The answer does not repeat the negotiated session parameters of the offer (RFC 4568 section 5.1.3)";
}
