#include "keys/threegpp_kdf.h"

#include "ciphers/octets.h"
#include "keys/hmac.h"

#include <openssl/crypto.h>

#define FC_EXTENSION 0xff

/* S as pieces for hmac_of: FC, and of each parameter its octets and its length. */
typedef struct {
    uint8_t fc[2];
    uint8_t lengths[THREEGPP_KDF_MAX_PARAMS][2];
    octet_span pieces[1 + 2 * THREEGPP_KDF_MAX_PARAMS];
    size_t count;
} kdf_input;

/* The pieces point into *input and to the parameters. */
static bool lay_out(kdf_input *input, uint16_t fc, const octet_span *params, size_t count)
{
    const bool extended = fc >> 8 == FC_EXTENSION;

    if (count > THREEGPP_KDF_MAX_PARAMS || (fc >= FC_EXTENSION && !extended))
        return false;
    octets_put_u16(input->fc, fc);
    input->pieces[0] = (octet_span) { extended ? input->fc : input->fc + 1, extended ? 2 : 1 };
    input->count = 1;
    for (size_t i = 0; i < count; i++) {
        if (params[i].len > UINT16_MAX)
            return false;
        octets_put_u16(input->lengths[i], (uint16_t)params[i].len);
        input->pieces[input->count++] = params[i];
        input->pieces[input->count++] = (octet_span) { input->lengths[i], sizeof input->lengths[i] };
    }
    return true;
}

bool threegpp_kdf(octet_span key, uint16_t fc, const octet_span *params, size_t count, threegpp_key *out)
{
    threegpp_key derived = { .len = THREEGPP_KEY_LEN };
    kdf_input input;

    const bool ok = lay_out(&input, fc, params, count) &&
                    hmac_of(HMAC_WITH_SHA256, key, input.pieces, input.count, derived.octets);
    if (ok)
        *out = derived;
    else
        OPENSSL_cleanse(out, sizeof *out);
    OPENSSL_cleanse(&derived, sizeof derived);
    return ok;
}
