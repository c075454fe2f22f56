#include "keys/mikey_kdf.h"

#include "ciphers/octets.h"
#include "keys/hmac.h"

#include <openssl/crypto.h>

#include <string.h>

#define KEY_BLOCK 32 /* 256 bits, whatever the hash (RFC 6043 section 6.1 puts 256 in the place of 160 alone) */
#define NOT_A_CS 0xff
#define NO_CSB 0xffffffff

/* --- labels ----------------------------------------------------------------------------------------------- */

/* octet   0  1  2  3  4  5  6  7  8
 *       | constant  |CS|  CSB ID   |
 */
static mikey_label label_head(uint32_t constant, uint8_t cs_id, uint32_t csb_id)
{
    mikey_label label = { .head_len = 9 };

    octets_put_u32(label.head, constant);
    label.head[4] = cs_id;
    octets_put_u32(label.head + 5, csb_id);
    return label;
}

/* RFC 6043 has a tenth octet, which tells the uses of a constant apart. */
static mikey_label ticket_head(uint32_t constant, uint8_t cs_id, uint32_t csb_id, uint8_t use)
{
    mikey_label label = label_head(constant, cs_id, csb_id);

    label.head[label.head_len++] = use;
    return label;
}

static void add_part(mikey_label *label, octet_span octets, uint8_t prefix)
{
    label->parts[label->part_count].octets = octets;
    label->parts[label->part_count].prefix = prefix;
    label->part_count++;
}

mikey_label mikey_label_message(mikey_message_constant constant, uint32_t csb_id, octet_span rand)
{
    mikey_label label = label_head(constant, NOT_A_CS, csb_id);

    add_part(&label, rand, 0);
    return label;
}

mikey_label mikey_label_session(mikey_session_constant constant, uint8_t cs_id, uint32_t csb_id, octet_span rand)
{
    mikey_label label = label_head(constant, cs_id, csb_id);

    add_part(&label, rand, 0);
    return label;
}

mikey_label mikey_label_ticket_message(mikey_message_constant constant, uint32_t csb_id, mikey_direction direction,
                                       octet_span rand_i, octet_span rand_r)
{
    mikey_label label = ticket_head(constant, NOT_A_CS, csb_id, (uint8_t)direction);

    add_part(&label, rand_i, 1);
    add_part(&label, rand_r, 1);
    return label;
}

mikey_label mikey_label_ticket_session(mikey_session_constant constant, uint8_t cs_id, octet_span rand_i,
                                       octet_span rand_r)
{
    mikey_label label = ticket_head(constant, cs_id, NO_CSB, 3);

    add_part(&label, rand_i, 1);
    add_part(&label, rand_r, 1);
    return label;
}

mikey_label mikey_label_fork(mikey_fork_constant constant, octet_span idr, octet_span rand_kms)
{
    mikey_label label = ticket_head(constant, NOT_A_CS, NO_CSB, 0);

    add_part(&label, idr, 2);
    add_part(&label, rand_kms, 1);
    return label;
}

mikey_label mikey_label_vr(mikey_message_constant constant)
{
    return ticket_head(constant, NOT_A_CS, NO_CSB, 4);
}

mikey_label mikey_label_tpk(mikey_message_constant constant, octet_span rand)
{
    mikey_label label = ticket_head(constant, NOT_A_CS, NO_CSB, 5);

    add_part(&label, rand, 1);
    return label;
}

mikey_label mikey_label_mpk(mikey_mpk_constant constant, octet_span rand)
{
    mikey_label label = ticket_head(constant, NOT_A_CS, NO_CSB, 6);

    add_part(&label, rand, 1);
    return label;
}

/* --- PRF -------------------------------------------------------------------------------------------------- */

/* A_i and the label behind it, as pieces for hmac_of: A_i, head, and of each part length and octets. */
typedef struct {
    uint8_t a[HMAC_MAX_LEN];
    uint8_t prefixes[MIKEY_LABEL_PARTS][2];
    octet_span pieces[2 + 2 * MIKEY_LABEL_PARTS];
    size_t count;
} prf_message;

/* False: a part does not fit its length. The pieces point into *message and *label. */
static bool lay_out(prf_message *message, const mikey_label *label, size_t hash_len)
{
    message->count = 0;
    message->pieces[message->count++] = (octet_span) { message->a, hash_len };
    message->pieces[message->count++] = (octet_span) { label->head, label->head_len };
    for (size_t i = 0; i < label->part_count; i++) {
        const octet_span octets = label->parts[i].octets;
        const uint8_t prefix = label->parts[i].prefix;
        if (prefix > 0 && octets.len >> 8 * prefix != 0)
            return false;
        message->prefixes[i][0] = (uint8_t)(octets.len >> 8);
        message->prefixes[i][1] = (uint8_t)octets.len;
        message->pieces[message->count++] = (octet_span) { message->prefixes[i] + 2 - prefix, prefix };
        message->pieces[message->count++] = octets;
    }
    return true;
}

/* XORs the first out_len octets of P(s, label, m) onto `out`, for as large an m as they need.
 *
 *   A_0 = label, A_i = HMAC(s, A_(i-1)),  P = HMAC(s, A_1 || label) || HMAC(s, A_2 || label) || ...
 */
static bool xor_p(hmac_digest digest, octet_span s, prf_message *message, uint8_t *out, size_t out_len)
{
    const size_t hash_len = hmac_len(digest);
    uint8_t block[HMAC_MAX_LEN];
    bool ok = hmac_of(digest, s, message->pieces + 1, message->count - 1, message->a);

    for (size_t at = 0; ok && at < out_len; at += hash_len) {
        ok = hmac_of(digest, s, message->pieces, message->count, block) &&
             hmac_of(digest, s, message->pieces, 1, message->a);
        for (size_t i = 0; ok && i < hash_len && at + i < out_len; i++)
            out[at + i] ^= block[i];
    }
    OPENSSL_cleanse(block, sizeof block);
    OPENSSL_cleanse(message->a, sizeof message->a);
    return ok;
}

static size_t block_len(mikey_prf_variant variant, size_t key_len, size_t at)
{
    const size_t left = key_len - at;

    if (left > KEY_BLOCK)
        return KEY_BLOCK;
    return variant == MIKEY_PRF_MINISIP ? key_len % KEY_BLOCK : left;
}

bool mikey_prf_variants_differ(size_t inkey_len)
{
    return inkey_len > 0 && inkey_len % KEY_BLOCK == 0;
}

bool mikey_prf_is_known(uint8_t func)
{
    return func == MIKEY_PRF_MIKEY_1 || func == MIKEY_PRF_HMAC_SHA_256;
}

bool mikey_derive(mikey_prf prf, octet_span inkey, const mikey_label *label, uint8_t *out, size_t out_len)
{
    const hmac_digest digest = prf.func == MIKEY_PRF_MIKEY_1 ? HMAC_WITH_SHA1 : HMAC_WITH_SHA256;
    prf_message message;

    memset(out, 0, out_len);
    if (!mikey_prf_is_known(prf.func) || inkey.len == 0 || !lay_out(&message, label, hmac_len(digest)))
        return false;
    for (size_t at = 0; at < inkey.len; at += KEY_BLOCK) {
        const octet_span s = { inkey.data + at, block_len(prf.variant, inkey.len, at) };
        if (!xor_p(digest, s, &message, out, out_len)) {
            OPENSSL_cleanse(out, out_len);
            return false;
        }
    }
    return true;
}
