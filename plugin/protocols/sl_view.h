/* What the dissectors of the sidelink layers share: how they show problems, and how they call the layer above. */
#ifndef D2DSEC_PROTOCOLS_SL_VIEW_H
#define D2DSEC_PROTOCOLS_SL_VIEW_H

#include "compat.h"
#include "sessions/sl_problem.h"

#include <epan/expert.h>

/* The expert fields of a protocol, by severity. */
typedef struct {
    expert_field note, warning, error;
} sl_experts;

#define SL_EXPERTS_INIT {EI_INIT, EI_INIT, EI_INIT}

/* Adds an expert info to `item` for each bit of `problems`; `take` is the layer's function for that. */
void sl_show_problems(packet_info *pinfo, proto_item *item, sl_experts *experts, unsigned problems,
                      const sl_problem *(*take)(unsigned *problems));

/* The octets data[0..air_len) of the layer above, of which `captured` are there, as a tvb of their own. */
tvbuff_t *sl_subset(tvbuff_t *tvb, int offset, size_t captured, size_t air_len);

/* Calls a dissector. What it throws is shown in the tree, and does not keep what stands beside from being dissected. */
void sl_call(dissector_handle_t handle, tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data);

/* Tells several PDUs of one frame apart, in the same way on each visit. */
uint16_t sl_position(tvbuff_t *tvb, const packet_info *pinfo);

#endif
