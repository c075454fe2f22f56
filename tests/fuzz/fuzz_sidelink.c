/* The sidelink from MAC to what PDCP hides: two octets of settings, a key log, then frames, each behind an octet: how much of it the
 * capture cut off. A frame is a datagram of MAC-LTE framing or of this project's own, or a SIP message with its keys, or else a MAC PDU;
 * behind 255 it is what was added to the key log.
 */
#include "fuzz.h"

#include "sessions/pc5_learn.h"
#include "sessions/sl_framing.h"
#include "sessions/sl_sn_use.h"
#include "sessions/slsch.h"

#include <stdlib.h>
#include <string.h>

/* What the dissectors keep beside the capture's state. */
static struct {
    rlc_um_receivers *receivers;
    sl_sn_use *sn_use;
    pdcp_sl_rules rules;
} state;

/* Octets of which the capture has span.len. */
typedef struct {
    octet_span octets;
    size_t air_len;
} cut_octets;

static void take_problems(unsigned problems, const sl_problem *(*take)(unsigned *problems))
{
    const sl_problem *problem;
    while ((problem = take(&problems)) != NULL)
        FUZZ_MUST(problem->text);
    FUZZ_MUST(problems == 0);
}

static void take_pc5s(fuzz_capture *capture, const sl_pdu *pdu, octet_span sdu)
{
    pc5s_message *message = pc5s_parse(sdu.data, sdu.len, &pc5s_default_options);
    const pc5_arrival arrival = {.frame = pdu->frame,
                                 .source = sl_source_id(&pdu->link),
                                 .destination = sl_destination_id(&pdu->link),
                                 .protection = pdu->key_id ? PC5_PROTECTED : PC5_UNPROTECTED,
                                 .message = message};
    const pc5_record *record = pc5_state_add(capture->pc5, &arrival);
    pc5_learn_keying(&arrival, record, capture->kd, capture->mikey);
    pc5s_free(message);
}

/* Gives the PDU the MAC-I that fits every key. `octets` is what its spans point into. */
static void forge_mac_i(const sl_pdu *pdu, octet_span octets)
{
    if (fuzz_lenient && pdu->mac_i.data)
        memcpy((uint8_t *)octets.data + (pdu->mac_i.data - octets.data), FUZZ_MAC_I, PDCP_SL_MAC_I_LEN);
}

/* What was opened is opened again on a later visit, to the same plaintext. */
static octet_span open_sdu(fuzz_capture *capture, sl_pdu *pdu)
{
    sl_opening opening;
    sl_security_open(capture->sidelink, pdu, &opening);
    FUZZ_MUST(opening.len <= PDCP_SL_MAX_SDU_LEN && sl_verdict_text(opening.verdict));
    sl_sn_use_note(state.sn_use, pdu, opening.context ? opening.context->index : 0);
    const octet_span plain = opening.plain ? fuzz_copy(opening.plain, opening.len) : octet_span_at(NULL, 0);
    if (plain.data) {
        sl_opening again;
        sl_security_open(capture->sidelink, pdu, &again);
        FUZZ_MUST(again.plain && again.len == plain.len && memcmp(again.plain, plain.data, plain.len) == 0);
    }
    return plain;
}

static void take_pdcp(fuzz_capture *capture, uint32_t frame, const sl_link *link, cut_octets octets)
{
    const octet_span whole = fuzz_copy(octets.octets.data, octets.octets.len);
    sl_pdu pdu;
    if (whole.len && pdcp_sl_parse(&pdu, link, &state.rules, whole.data, whole.len, octets.air_len)) {
        pdu.frame = frame;
        fuzz_touch(pdu.header, whole);
        fuzz_touch(pdu.data, whole);
        fuzz_touch(pdu.mac_i, whole);
        forge_mac_i(&pdu, whole);
        sl_pdu_position(&pdu);
        octet_span plain = open_sdu(capture, &pdu);
        const bool in_clear = pdu.data.data && (!pdu.key_id || sl_is_command(&pdu));
        if (!plain.data && in_clear)
            plain = fuzz_copy(pdu.data.data, pdu.data.len);
        if (plain.len)
            pdcp_sl_check_sdu(&pdu, plain.data, plain.len);
        if (plain.data && pdu.sdu_type == PDCP_SL_PC5S)
            take_pc5s(capture, &pdu, plain);
        free((void *)plain.data);
    }
    if (whole.len)
        take_problems(pdu.problems, pdcp_sl_take_problem);
    free((void *)whole.data);
}

static void take_sdu(fuzz_capture *capture, const rlc_part *part, const rlc_um_arrival *arrival)
{
    const rlc_sdu *sdu = rlc_um_completed_by(part, arrival);
    if (!sdu)
        return;
    FUZZ_MUST(sdu->octets->len <= RLC_UM_MAX_SDU_LEN);
    const cut_octets octets = {octet_span_at(sdu->octets->data, sdu->octets->len), sdu->octets->len};
    take_pdcp(capture, arrival->frame, &arrival->link, octets);
}

static void take_rlc(fuzz_capture *capture, const rlc_um_arrival *arrival)
{
    const octet_span whole = octet_span_at(arrival->data, arrival->len);
    rlc_um_reception reception;
    rlc_um_receive(state.receivers, arrival, &reception);
    FUZZ_MUST(reception.pdu.count <= RLC_UM_MAX_PIECES);
    take_problems(reception.pdu.problems, rlc_um_take_problem);
    take_sdu(capture, reception.first, arrival);
    for (unsigned i = 0; i < reception.pdu.count; i++) {
        const rlc_um_piece *piece = &reception.pdu.pieces[i];
        fuzz_touch(piece->octets, whole);
        if (piece->starts && piece->ends && piece->octets.data)
            take_pdcp(capture, arrival->frame, &arrival->link, (cut_octets){piece->octets, piece->len});
    }
    if (reception.last != reception.first)
        take_sdu(capture, reception.last, arrival);
}

static void take_mac(fuzz_capture *capture, uint32_t frame, cut_octets octets)
{
    const octet_span whole = fuzz_copy(octets.octets.data, octets.octets.len);
    slsch_pdu pdu;
    const bool complete = slsch_parse(&pdu, whole.data, whole.len, octets.air_len);
    FUZZ_MUST(pdu.count <= SLSCH_MAX_SUBHEADERS);
    take_problems(pdu.problems, slsch_take_problem);
    for (unsigned i = 0; i < pdu.count; i++) {
        const slsch_subheader *subheader = &pdu.subheaders[i];
        take_problems(subheader->problems, slsch_take_problem);
        fuzz_touch(subheader->body, whole);
        if (!complete || !subheader->body.data || subheader->body.len == 0 || subheader->lcid == SL_LCID_PADDING)
            continue;
        rlc_um_arrival arrival = {.frame = frame,
                                  .position = (uint16_t)(subheader->body.data - whole.data),
                                  .link = pdu.link,
                                  .data = subheader->body.data,
                                  .len = subheader->body.len,
                                  .air_len = subheader->body_len};
        arrival.link.lcid = subheader->lcid;
        take_rlc(capture, &arrival);
    }
    free((void *)whole.data);
}

static void take_mac_lte(fuzz_capture *capture, uint32_t frame, cut_octets octets)
{
    const uint8_t *data = octets.octets.data + MAC_LTE_START_LEN;
    const size_t len = octets.octets.len - MAC_LTE_START_LEN;
    mac_lte_frame parsed;
    if (!mac_lte_frame_parse(&parsed, data, len))
        return;
    FUZZ_MUST(parsed.pdu_offset < len && parsed.tag_count <= MAC_LTE_MAX_TAGS);
    for (unsigned i = 0; i < parsed.tag_count; i++)
        FUZZ_MUST(parsed.tags[i].offset + parsed.tags[i].len <= parsed.pdu_offset);
    if (parsed.rnti_type != MAC_LTE_SL_RNTI)
        return;
    const size_t before = MAC_LTE_START_LEN + parsed.pdu_offset;
    take_mac(capture, frame, (cut_octets){octet_span_at(octets.octets.data + before, octets.octets.len - before),
                                          octets.air_len - before});
}

static void take_own_framing(fuzz_capture *capture, uint32_t frame, cut_octets octets)
{
    sl_pdcp_frame parsed;
    const bool has_pdu = sl_pdcp_frame_parse(&parsed, octets.octets.data, octets.octets.len, octets.air_len);
    take_problems(parsed.problems, sl_pdcp_frame_take_problem);
    FUZZ_MUST(parsed.header_len <= octets.octets.len);
    if (!has_pdu)
        return;
    const octet_span pdu = octet_span_at(octets.octets.data + parsed.header_len, octets.octets.len - parsed.header_len);
    take_pdcp(capture, frame, &parsed.link, (cut_octets){pdu, octets.air_len - parsed.header_len});
}

static void take_sip(fuzz_capture *capture, uint32_t frame, octet_span text)
{
    static const uint8_t ends[2][4] = {{10, 0, 0, 1}, {10, 0, 0, 2}};
    const bool is_answer = text.data[0] == 'S';
    sdp_arrival arrival = {.frame = frame};
    transport_address_set(&arrival.source, ends[is_answer], 4, 5060);
    transport_address_set(&arrival.destination, ends[!is_answer], 4, 5060);
    fuzz_capture_signal(capture, &arrival, text);
}

static void take(fuzz_capture *capture, uint32_t frame, octet_span piece)
{
    const uint8_t cut_off = fuzz_octet(&piece);
    const octet_span copy = fuzz_copy(piece.data, piece.len);
    const cut_octets octets = {copy, copy.len + cut_off};
    sip_message sip;
    if (cut_off == UINT8_MAX)
        fuzz_capture_log(capture, copy);
    else if (copy.len > MAC_LTE_START_LEN && memcmp(copy.data, MAC_LTE_START, MAC_LTE_START_LEN) == 0)
        take_mac_lte(capture, frame, octets);
    else if (sl_pdcp_frame_begins(copy.data, copy.len))
        take_own_framing(capture, frame, octets);
    else if (sip_parse((const char *)copy.data, copy.len, &sip))
        take_sip(capture, frame, copy);
    else
        take_mac(capture, frame, octets);
    free((void *)copy.data);
}

/* Search is for lenient runs alone, where it ends soon: in vain it tries some two million MACs, for which others have tests. */
static sl_profile profile_of(uint8_t settings)
{
    sl_profile profile = SL_PROFILE_DEFAULT;
    profile.search = fuzz_lenient && settings & 1;
    profile.eea = settings >> 1 & 3;
    profile.eia = settings >> 3 & 3;
    profile.reading.direction = (sl_direction_rule)((settings >> 5 & 3) % SL_DIRECTION_RULES);
    profile.reading.mac_i_ciphered = settings & 0x80;
    return profile;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len)
{
    static const unsigned right_macs[] = {0, 3, 300, 5000};
    octet_span rest = octet_span_at(data, len);
    const uint8_t flags = fuzz_octet(&rest), settings = fuzz_octet(&rest);
    fuzz_lenient = flags & 1;
    fuzz_right_macs = fuzz_lenient ? right_macs[flags >> 6] : 0;
    state.rules = (pdcp_sl_rules){.cast = (sl_cast)((flags >> 1 & 3) % 3), .mac_i_on_all = flags & 8};
    state.receivers = rlc_um_receivers_new((rlc_um_sn_choice)((flags >> 4 & 3) % 3));
    state.sn_use = sl_sn_use_new();
    const sl_profile profile = profile_of(settings);
    fuzz_capture capture = fuzz_capture_open(&profile, &pc5s_default_options);
    fuzz_capture_read(&capture, rest, take);
    fuzz_capture_close(&capture);
    sl_sn_use_free(state.sn_use);
    rlc_um_receivers_free(state.receivers);
    return 0;
}
