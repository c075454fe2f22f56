/* What the files of the a=crypto parser share; nobody else includes it. */
#ifndef D2DSEC_KEYS_SDES_PARTS_H
#define D2DSEC_KEYS_SDES_PARTS_H

#include "keys/sdes.h"

/* Adds to an array of sdes_problem. */
void sdes_report(GArray *problems, sdes_problem_kind kind, sdes_severity severity, text_span where);

/* Reads key_params_text into keys, and checks the keys against suite and each other. */
void sdes_parse_key_params(sdes_crypto *crypto, GArray *problems);

/* Takes a key-params off *rest: one field, or several where white space stands around a ';', which is reported. */
text_span sdes_take_key_params(text_span *rest, GArray *problems);

/* Reads what stands after the key-params. */
void sdes_parse_session_params(sdes_crypto *crypto, text_span rest, GArray *problems);

#endif
