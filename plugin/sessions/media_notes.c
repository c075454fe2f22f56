#include "sessions/media_streams.h"

#include "ciphers/rtp_packet.h"

#include <glib.h>

const char *media_note_text(unsigned notes)
{
    static const struct {
        unsigned note;
        const char *text;
    } texts[] = {
        {MEDIA_NOTE_KDF_AES192_AS_256,
         "session keys derived as AES-256 over key, salt and 8 zero octets, not by RFC 6188"},
        {MEDIA_NOTE_SRTCP_TAG_LENGTH, "the SRTCP tag has another length than was signalled: the SRTP tag's, or the 10 octets of RFC 3711"},
        {MEDIA_NOTE_MKI_ABSENT, "the MKI that was signalled is not in the packet"},
        {MEDIA_NOTE_NO_TAG, "SRTCP without an authentication tag, which RFC 3711 makes mandatory"},
        {MEDIA_NOTE_LIKE_BEFORE, "most likely the same packet as one before, which without a tag nothing proves"},
        {MEDIA_NOTE_INDEX_REPEATED, "an index that other data has used under this key: keystream reuse"},
        {MEDIA_NOTE_ROC_RECOVERED, "the rollover counter was found by search"},
        {MEDIA_NOTE_KEY_BY_TRIAL, "the key was found by trial: signalling names neither address"},
        {MEDIA_NOTE_ENCRYPTED_ALL_THE_SAME, "encrypted, although UNENCRYPTED_SRTP was signalled"},
        {MEDIA_NOTE_EXTENSION_PADDING, "padding between encrypted header extension elements: RFC 6904 runs the keystream "
                                       "under it, libsrtp does not (preference d2dsec.extension_padding_takes_keystream)"},
        {MEDIA_NOTE_E_BIT, "the E bit of SRTCP is not what signalling says of encryption (UNENCRYPTED_SRTCP)"},
        {MEDIA_NOTE_SSRC_NOT_MAPPED, "the SSRC is none of those that the CS ID maps of MIKEY give this key"},
    };
    const unsigned lowest = notes & -notes;
    for (size_t i = 0; i < G_N_ELEMENTS(texts); i++)
        if (texts[i].note == lowest)
            return texts[i].text;
    return NULL;
}

media_form media_form_of(bool is_rtcp, const uint8_t *plain, size_t len)
{
    enum { PADDING_BIT = 0x20 };
    rtp_packet rtp;
    if (is_rtcp)
        return rtcp_is_clear_compound(plain, len) ? MEDIA_FORM_RIGHT : MEDIA_FORM_WRONG;
    if (!rtp_packet_parse(&rtp, plain, len) || !(plain[0] & PADDING_BIT))
        return MEDIA_FORM_UNTOLD;
    return plain[len - 1] > 0 && plain[len - 1] <= len - rtp.header_len ? MEDIA_FORM_RIGHT : MEDIA_FORM_WRONG;
}
