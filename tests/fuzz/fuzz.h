/* What the fuzz targets share: how an input is cut into messages, and a capture's state to feed them to.
 *
 * Every target takes the same kind of input: pieces with FUZZ_SEPARATOR between them, since octets that are put in or taken out then
 * leave the pieces behind them what they are, as a length before each would not. Each piece is a copy of its own on the heap, so that
 * AddressSanitizer sees the first octet that is read beyond it.
 */
#ifndef D2DSEC_TESTS_FUZZ_H
#define D2DSEC_TESTS_FUZZ_H

#include "keys/octet_span.h"
#include "keys/text_span.h"
#include "sessions/media_streams.h"
#include "sessions/mikey_sessions.h"
#include "sessions/pc5_state.h"
#include "sessions/rtsp_sessions.h"
#include "sessions/rlc_reassembly.h"
#include "sessions/sl_security.h"

#include <glib.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define FUZZ_SEPARATOR "=NEXT="

/* What a target defines: libFuzzer's name for it. Returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t len);

/* Aborts, which is a finding, unless what must always hold does. */
#define FUZZ_MUST(condition) ((condition) ? (void)0 : fuzz_fail(__FILE__, __LINE__, #condition))
void fuzz_fail(const char *file, int line, const char *condition) G_GNUC_NORETURN;

/* --- the input ----------------------------------------------------------------------------------------------------- */

/* Takes the first octet off *rest; 0: nothing is left. */
uint8_t fuzz_octet(octet_span *rest);

/* Takes the next piece off *rest and copies it; free() its data, which is never NULL. False: nothing is left. */
bool fuzz_piece(octet_span *rest, octet_span *piece);

/* A copy on the heap of its own of `len` octets; free() its data. */
octet_span fuzz_copy(const void *data, size_t len);

/* Reads every octet of the span, which must lie within `whole` unless it is absent. */
void fuzz_touch(octet_span span, octet_span whole);
void fuzz_touch_text(text_span span, octet_span whole);

text_span fuzz_text(octet_span piece);

/* Two addresses of six octets each, IPv4 address and port. False: there are not so many. */
bool fuzz_addresses(octet_span *rest, transport_address *source, transport_address *destination);

/* --- authentication ------------------------------------------------------------------------------------------------ */

/* While it is set every tag and MAC of SRTP and MIKEY is taken for right, and every MAC-I is FUZZ_MAC_I: a fuzzer guesses none, and
 * would never see what lies behind it. AEAD stays what it is. */
extern bool fuzz_lenient;

/* So many MAC-Is more are computed as they are before leniency begins: then a key does not fit at once, and has to be searched for. */
extern unsigned fuzz_right_macs;

#define FUZZ_MAC_I "maci"

/* --- a capture ----------------------------------------------------------------------------------------------------- */

/* What the plugin keeps of one capture file. */
typedef struct {
    session_keys *keys;
    offer_answer *signalling;
    mikey_sessions *mikey;
    rtsp_sessions *rtsp;
    media_streams *streams;
    pc5_state *pc5;
    kd_sources *kd;
    sl_security *sidelink;
} fuzz_capture;

fuzz_capture fuzz_capture_open(const sl_profile *profile, const pc5s_options *options);
void fuzz_capture_close(fuzz_capture *capture);

/* Takes in the lines of a key log that can be read. */
void fuzz_capture_log(fuzz_capture *capture, octet_span lines);

/* Takes in one frame. */
typedef void fuzz_take(fuzz_capture *capture, uint32_t frame, octet_span piece);

/* Takes in an input's pieces: first a key log, then frames from 1 on. */
void fuzz_capture_read(fuzz_capture *capture, octet_span pieces, fuzz_take *take);

/* Takes in an SDP body, with the SIP message before it or by itself, and the MIKEY messages in it. `text` begins with one or the other. */
void fuzz_capture_signal(fuzz_capture *capture, const sdp_arrival *arrival, octet_span text);

#endif
