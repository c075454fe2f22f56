#include "ciphers/ipsec_mb.h"

bool ipsec_mb_is_available(void)
{
    return false;
}

bool ipsec_mb_key_init(ipsec_mb_key *key, ipsec_mb_cipher cipher, const uint8_t octets[IPSEC_MB_KEY_LEN])
{
    (void)key, (void)cipher, (void)octets;
    return false;
}

bool ipsec_mb_crypt(const ipsec_mb_key *key, const uint8_t iv[IPSEC_MB_IV_LEN], const uint8_t *in, size_t len,
                    uint8_t *out)
{
    (void)key, (void)iv, (void)in, (void)len, (void)out;
    return false;
}

bool ipsec_mb_mac(const ipsec_mb_key *key, const uint8_t iv[IPSEC_MB_IV_LEN], const uint8_t *data, size_t bits,
                  uint8_t mac[IPSEC_MB_MAC_LEN])
{
    (void)key, (void)iv, (void)data, (void)bits, (void)mac;
    return false;
}

void ipsec_mb_release(void)
{
}
