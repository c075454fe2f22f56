#include "ciphers/eps_algorithm.h"

#include "ciphers/ipsec_mb.h"

eps_availability eps_algorithm_availability(uint8_t identity)
{
    switch (identity) {
    case EPS_NULL:
    case EPS_AES:
        return EPS_AVAILABLE;
    case EPS_SNOW_3G:
    case EPS_ZUC:
        return ipsec_mb_is_available() ? EPS_AVAILABLE : EPS_NOT_AVAILABLE;
    default:
        return EPS_UNKNOWN;
    }
}
