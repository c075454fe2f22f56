/* HMAC of a message that lies in several pieces (RFC 2104), with SHA-1 or SHA-256.
 *
 * For key derivation and for MACs over signalling, where each key serves a message or two. hmac_sha1.h keeps a key
 * for the many packets of a stream.
 */
#ifndef D2DSEC_KEYS_HMAC_H
#define D2DSEC_KEYS_HMAC_H

#include "keys/octet_span.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define HMAC_MAX_LEN 32

typedef enum { HMAC_WITH_SHA1, HMAC_WITH_SHA256 } hmac_digest;

/* Octets of a tag: 20 or 32. */
size_t hmac_len(hmac_digest digest);

/* Writes hmac_len(digest) octets to `tag`: the HMAC of the `count` pieces one after the other. A key of any length
 * will do, also an empty one, and so will empty pieces. `tag` may lie in one of the pieces. False: the crypto library
 * refused. */
bool hmac_of(hmac_digest digest, octet_span key, const octet_span *pieces, size_t count, uint8_t *tag);

#endif
