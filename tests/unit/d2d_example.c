#include "d2d_example.h"

#include <string.h>

/* The framing of MAC-LTE over UDP as the capture has it, up to the MAC subheader's Source Layer-2 ID:
 *
 *   "mac-lte", 10 octets of tags, SL-SCH subheader | source, 24 | destination, 16 | LCID, 8 | RLC UM, 8 | PDCP PDU ...
 */
enum { SOURCE_AT = 18, DESTINATION_AT = 21, LCID_AT = 23, PDU_AT = 25 };

static d2d_example example;

static char *hex_member(JsonObject *vector, const char *member)
{
    return g_strdup(json_object_get_string_member(vector, member));
}

static void read_inputs(JsonObject *vector)
{
    example.k1 = hex_member(vector, "k1");
    example.salt1 = hex_member(vector, "salt1");
    example.k2 = hex_member(vector, "k2");
    example.salt2 = hex_member(vector, "salt2");
    example.pgk = hex_member(vector, "pgk");
    vector_get_octets(vector, "nonce_1", false, &example.nonce_1);
    vector_get_octets(vector, "nonce_2", false, &example.nonce_2);
}

static void read_payload(const char *hex, d2d_pdu *pdu)
{
    vector_octets payload;
    vector_parse_hex(hex, &payload);
    const uint8_t *data = payload.data;
    g_assert_cmpuint(payload.len, >, PDU_AT);
    pdu->link = (sl_link){
        .source = (uint32_t)data[SOURCE_AT] << 16 | (uint32_t)data[SOURCE_AT + 1] << 8 | data[SOURCE_AT + 2],
        .destination = (uint32_t)data[DESTINATION_AT] << 8 | data[DESTINATION_AT + 1],
        .destination_bits = 16,
        .lcid = data[LCID_AT] & 0x1f,
        .cast = SL_ONE_TO_ONE,
    };
    pdu->octets.len = payload.len - PDU_AT;
    memcpy(pdu->octets.data, data + PDU_AT, pdu->octets.len);
}

static bool is_pdu(const d2d_pdu *pdu, const vector_octets *octets)
{
    return pdu->octets.len == octets->len && memcmp(pdu->octets.data, octets->data, octets->len) == 0;
}

/* The capture's PDUs stand in the list of PDUs, too, with what they hold. */
static void read_pdu(JsonObject *vector)
{
    vector_octets octets;
    vector_get_octets(vector, "pdu", false, &octets);
    for (unsigned i = 0; i < D2D_FRAMES; i++)
        if (is_pdu(&example.frames[i], &octets))
            vector_get_octets(vector, "plain", false, &example.frames[i].plain);
    if (!g_str_has_prefix(json_object_get_string_member(vector, "name"), "1-to-many"))
        return;
    example.group.octets = octets;
    vector_get_octets(vector, "plain", false, &example.group.plain);
    example.group.link = (sl_link){.source = 0x010203, .destination = 0x0a0b, .destination_bits = 16, .cast = SL_ONE_TO_MANY};
    example.group.link.lcid = (uint8_t)json_object_get_int_member(vector, "lcid");
}

static void read_vector(JsonObject *vector)
{
    const char *name = json_object_get_string_member(vector, "name");
    if (strcmp(name, "inputs") == 0)
        read_inputs(vector);
    if (strcmp(name, "KD") == 0)
        example.kd = hex_member(json_object_get_object_member(vector, "kdf"), "A");
    if (strcmp(name, "KD-sess") == 0)
        example.kd_sess = hex_member(vector, "kd_sess");
    if (strcmp(name, "PEK, PIK") == 0) {
        example.pek = g_strdup(json_array_get_string_element(json_object_get_array_member(vector, "pek"), 2));
        example.pik = g_strdup(json_array_get_string_element(json_object_get_array_member(vector, "pik"), 2));
    }
    if (strcmp(name, "d2d-sample.pcap") == 0)
        for (unsigned i = 0; i < D2D_FRAMES; i++)
            read_payload(json_array_get_string_element(json_object_get_array_member(vector, "udp_payloads"), i),
                         &example.frames[i]);
}

static void read_pdus(JsonObject *vector)
{
    JsonArray *pdus = strcmp(json_object_get_string_member(vector, "name"), "PDUs") == 0
                          ? json_object_get_array_member(vector, "pdus")
                          : NULL;
    for (guint i = 0; pdus && i < json_array_get_length(pdus); i++)
        read_pdu(json_array_get_object_element(pdus, i));
}

const d2d_example *d2d_example_get(void)
{
    if (!example.kd) {
        vectors_for_each("d2d_example.json", read_vector);
        vectors_for_each("d2d_example.json", read_pdus);
        for (unsigned i = D2D_COMMAND; i < D2D_FRAMES; i++)
            g_assert_cmpuint(example.frames[i].plain.len, >, 0);
        g_assert_cmpuint(example.group.plain.len, >, 0);
    }
    return &example;
}

d2d_pdu d2d_pdu_with_checksum(const d2d_pdu *pdu)
{
    static const uint8_t checksum[] = {0x66, 0xce}; /* of 4500001c 00010000 40110000 0a000001 0a000002 */
    enum { AT = 10 };
    d2d_pdu made = *pdu;
    for (unsigned i = 0; i < sizeof checksum; i++) {
        g_assert_cmpuint(pdu->plain.data[AT + i], ==, 0);
        made.plain.data[AT + i] ^= checksum[i];
        made.octets.data[PDCP_SL_HEADER_LEN + AT + i] ^= checksum[i];
    }
    return made;
}

sl_pdu d2d_pdu_parse(const d2d_pdu *pdu, uint32_t frame)
{
    static const pdcp_sl_rules rules = {.mac_i_on_all = false};
    sl_pdu parsed;
    g_assert_true(pdcp_sl_parse(&parsed, &pdu->link, &rules, pdu->octets.data, pdu->octets.len, pdu->octets.len));
    parsed.frame = frame;
    return parsed;
}
