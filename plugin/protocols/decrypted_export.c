#include "protocols/decrypted_export.h"

#include <epan/exported_pdu.h>
#include <epan/tap.h>

static int export_tap = -1;

void decrypted_export_register(void)
{
    export_tap = register_export_pdu_tap("D2D decrypted");
}

static void queue(packet_info *pinfo, tvbuff_t *plain, exp_pdu_data_t *record)
{
    record->tvb_captured_length = tvb_captured_length(plain);
    record->tvb_reported_length = tvb_reported_length(plain);
    /* The taps come last, when a dissector may have cut `plain` to the length that it read in it. */
    record->pdu_tvb = tvb_new_subset_remaining(plain, 0);
    tap_queue_packet(export_tap, pinfo, record);
}

void decrypted_export_media(packet_info *pinfo, tvbuff_t *plain, const char *dissector)
{
    if (have_tap_listener(export_tap))
        queue(pinfo, plain, export_pdu_create_common_tags(pinfo, dissector, EXP_PDU_TAG_DISSECTOR_NAME));
}

void decrypted_export_sdu(packet_info *pinfo, tvbuff_t *plain, const char *dissector)
{
    static const exp_pdu_data_item_t *items[] = {&exp_pdu_data_orig_frame_num, NULL};
    if (have_tap_listener(export_tap))
        queue(pinfo, plain, export_pdu_create_tags(pinfo, dissector, EXP_PDU_TAG_DISSECTOR_NAME, items));
}
