/* The fields of the labels of direct communication: what two UEs share (TS 33.303 clause 6.5.5), what a group does
 * (clause A.3), and what SDES brought of it (RFC 4568). Keys are hexadecimal alone, as MIKEY's are.
 */
#include "keys/keylog_parts.h"

#include "ciphers/eps_algorithm.h"
#include "keys/text_scan.h"

#include <glib.h>

#define MIN_D2D_KEY 16
#define L2_ID_DIGITS 6

const char *keylog_read_kd_id(text_span text, keylog_entry *entry)
{
    if (keylog_is_any(text, entry))
        return NULL;
    entry->selector = KEYLOG_KD;
    return keylog_read_hex_id(text, 8, &entry->kd_id) ? NULL : "a KD ID wants one to eight hexadecimal digits";
}

const char *keylog_read_kd_sess_id(text_span text, keylog_entry *entry)
{
    uint32_t id;

    if (keylog_is_any(text, entry))
        return NULL;
    entry->selector = KEYLOG_KD_SESS;
    if (!keylog_read_hex_id(text, 4, &id))
        return "a KD-sess ID wants one to four hexadecimal digits";
    entry->kd_sess_id = (uint16_t)id;
    return NULL;
}

const char *keylog_read_group(text_span text, keylog_entry *entry)
{
    text_span group_id;
    uint32_t pgk_id;

    entry->selector = KEYLOG_PGK;
    text_next_part(&text, '/', &group_id);
    if (!text.text)
        return "the selector wants one PGK: the Layer-2 ID of a group, '/' and a PGK ID";
    if (!keylog_read_hex_id(group_id, L2_ID_DIGITS, &entry->group_id))
        return "the Layer-2 ID of a group wants one to six hexadecimal digits";
    if (!keylog_read_hex_id(text, 2, &pgk_id))
        return "a PGK ID wants one or two hexadecimal digits";
    entry->pgk_id = (uint8_t)pgk_id;
    return NULL;
}

/* Six digits, '-', six digits: with all their digits Layer-2 IDs are less likely to be a Call-ID. */
static bool read_l2_pair(text_span text, keylog_entry *entry)
{
    text_span first;
    uint32_t initiator, responder;

    text_next_part(&text, '-', &first);
    if (first.len != L2_ID_DIGITS || text.len != L2_ID_DIGITS)
        return false;
    if (!text_hex_number(first, &initiator) || !text_hex_number(text, &responder))
        return false;
    entry->selector = KEYLOG_L2_PAIR;
    entry->initiator = initiator;
    entry->responder = responder;
    return true;
}

const char *keylog_read_offer(text_span text, keylog_entry *entry)
{
    if (keylog_is_any(text, entry) || read_l2_pair(text, entry))
        return NULL;
    entry->selector = KEYLOG_CALL;
    entry->call_id = g_strndup(text.text, text.len);
    return NULL;
}

const char *keylog_read_d2d_key(text_span text, keylog_entry *entry)
{
    if (text.len < 2 * MIN_D2D_KEY || text.len > 2 * KEYLOG_MAX_D2D_KEY || !keylog_read_key(text, entry))
        return "the key wants " G_STRINGIFY(MIN_D2D_KEY) " to " G_STRINGIFY(KEYLOG_MAX_D2D_KEY) " octets in hexadecimal";
    return NULL;
}

const char *keylog_read_traffic_key(text_span text, keylog_entry *entry)
{
    if (text.len != 2 * EPS_KEY_LEN || !keylog_read_key(text, entry))
        return "PEK and PIK want " G_STRINGIFY(EPS_KEY_LEN) " octets in hexadecimal";
    return NULL;
}

/* The master key, and directly behind it the master salt or nothing. No two rows have the same sum. */
const char *keylog_read_sdes_key(text_span text, keylog_entry *entry)
{
    static const struct {
        uint8_t key_len, salt_len;
    } lengths[] = {{16, 0}, {24, 0}, {32, 0}, {16, 12}, {16, 14}, {24, 14}, {32, 12}, {32, 14}};

    for (size_t i = 0; i < G_N_ELEMENTS(lengths); i++) {
        size_t key_digits = 2u * lengths[i].key_len, salt_digits = 2u * lengths[i].salt_len;
        if (text.len != key_digits + salt_digits)
            continue;
        text_span key = text_span_of(text.text, key_digits), salt = text_span_of(text.text + key_digits, salt_digits);
        if (!keylog_read_key(key, entry) || !text_hex(salt, entry->salt, sizeof entry->salt))
            break;
        entry->salt_len = lengths[i].salt_len;
        return NULL;
    }
    return "the master key wants 16, 24 or 32 octets in hexadecimal, or with its salt behind it 28, 30, 38, 44 or 46";
}

static const char *read_algorithm(text_span value, uint8_t *algorithm)
{
    uint64_t number;
    if (!text_decimal(value, EPS_ZUC, &number))
        return "the options eea= and eia= want 0 to 3";
    *algorithm = (uint8_t)number;
    return NULL;
}

static const char *read_eea(text_span value, keylog_sidelink *told)
{
    return read_algorithm(value, &told->eea);
}

static const char *read_eia(text_span value, keylog_sidelink *told)
{
    return read_algorithm(value, &told->eia);
}

static const char *read_commander(text_span value, keylog_sidelink *told)
{
    uint32_t id;
    if (value.len != 4 || !text_hex_number(value, &id))
        return "the option commander= wants the first four hexadecimal digits of a Layer-2 ID";
    told->commander = (uint16_t)id;
    return NULL;
}

static const char *read_bearer(text_span value, keylog_sidelink *told)
{
    uint64_t number;
    if (text_is(value, "lcid"))
        number = KEYLOG_BEARER_LCID;
    else if (text_is(value, "lcid-1"))
        number = KEYLOG_BEARER_LCID_LESS_ONE;
    else if (!text_decimal(value, 31, &number))
        return "the option bearer= wants 0 to 31, lcid or lcid-1";
    told->bearer = (uint8_t)number;
    return NULL;
}

static const char *read_direction(text_span value, keylog_sidelink *told)
{
    static const char *const rules[] = {"commander", "other", "0", "1"};
    for (size_t i = 0; i < G_N_ELEMENTS(rules); i++) {
        told->direction = (uint8_t)i;
        if (text_is(value, rules[i]))
            return NULL;
    }
    return "the option direction= wants commander, other, 0 or 1";
}

static const char *read_flag(text_span value, bool *flag)
{
    *flag = text_is(value, "1");
    return *flag || text_is(value, "0") ? NULL : "the options mac_i_ciphered= and mac_i_over_data= want 0 or 1";
}

static const char *read_mac_i_ciphered(text_span value, keylog_sidelink *told)
{
    return read_flag(value, &told->mac_i_ciphered);
}

static const char *read_mac_i_over_data(text_span value, keylog_sidelink *told)
{
    return read_flag(value, &told->mac_i_over_data);
}

/* Row i is for bit i of keylog_sidelink.told. */
static const struct {
    const char *name;
    const char *(*read)(text_span value, keylog_sidelink *told);
} sidelink_options[] = {
    {"eea=", read_eea},
    {"eia=", read_eia},
    {"commander=", read_commander},
    {"bearer=", read_bearer},
    {"direction=", read_direction},
    {"mac_i_ciphered=", read_mac_i_ciphered},
    {"mac_i_over_data=", read_mac_i_over_data},
};

const char *keylog_read_sidelink_option(text_span text, keylog_entry *entry, unsigned *seen)
{
    for (unsigned i = 0; i < G_N_ELEMENTS(sidelink_options); i++) {
        if (!text_take(&text, sidelink_options[i].name))
            continue;
        if (*seen & 1u << i)
            return "an option is repeated";
        *seen |= 1u << i;
        entry->sidelink.told |= 1u << i;
        return sidelink_options[i].read(text, &entry->sidelink);
    }
    return "an option is unknown";
}
