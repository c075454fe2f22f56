#include "protocols/sl_view.h"

#include <epan/exceptions.h>
#include <epan/show_exception.h>

void sl_show_problems(packet_info *pinfo, proto_item *item, sl_experts *experts, unsigned problems,
                      const sl_problem *(*take)(unsigned *problems))
{
    const sl_problem *problem;
    while ((problem = take(&problems))) {
        expert_field *field = problem->severity == SL_ERROR     ? &experts->error
                              : problem->severity == SL_WARNING ? &experts->warning
                                                                : &experts->note;
        expert_add_info_format(pinfo, item, field, "%s", problem->text);
    }
}

tvbuff_t *sl_subset(tvbuff_t *tvb, int offset, size_t captured, size_t air_len)
{
    return tvb_new_subset_length_caplen(tvb, offset, (int)captured, (int)air_len);
}

void sl_call(dissector_handle_t handle, tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    TRY {
        call_dissector_with_data(handle, tvb, pinfo, tree, data);
    }
    CATCH_BOUNDS_ERRORS {
        show_exception(tvb, pinfo, tree, EXCEPT_CODE, GET_MESSAGE);
    }
    ENDTRY;
}

uint16_t sl_position(tvbuff_t *tvb, const packet_info *pinfo)
{
    return (uint16_t)(tvb_raw_offset(tvb) + 4096 * pinfo->curr_layer_num);
}
