"""The plugin keeps the rules of check_wireshark_rules.py, and that script sees what breaks each of them."""
import os
from pathlib import Path

import pytest

import check_wireshark_rules as rules

BUILD = Path(os.environ.get("D2DSEC_BUILD_DIR", "build"))

HEAD = """
typedef struct { const char *name, *abbrev; int type, display; const void *strings; unsigned mask; const char *blurb; } header_field_info;
typedef struct { int *id; header_field_info info; } hf_register_info;
"""

# A file without fault. Each case spoils one thing in it.
DISSECTOR = """
static int hf_kind = -1, hf_len = -1;
static int ett_top = -1;
static expert_field ei_short = EI_INIT;

static const value_string kind_vals[] = {
    {1, "One"}, {2, "Two"}, {0, NULL},
};
static value_string_ext kind_ext = VALUE_STRING_EXT_INIT(kind_vals);

static const enum_val_t choices[] = {
    {"one", "One", 1}, {NULL, NULL, 0},
};

static hf_register_info fields[] = {
    {&hf_kind, {"Kind", "sdes.kind", FT_UINT8, BASE_DEC, VALS(kind_vals), 0xf0, "RFC 4568 (section 6)", 0}},
    {&hf_len, {"Length", "sdes.len", FT_UINT16, BASE_DEC, NULL, 0, NULL, 0}},
};

static int dissect(tvbuff_t *tvb, packet_info *pinfo, proto_tree *tree, void *data)
{
    col_set_str(pinfo->cinfo, COL_PROTOCOL, "SDES");
    col_append_fstr(pinfo->cinfo, COL_INFO, "%u octets", 4);
    proto_tree *top = proto_item_add_subtree(tree, ett_top);
    proto_tree_add_item(top, hf_kind, tvb, 0, 1, ENC_NA);
    proto_tree_add_item(top, hf_len, tvb, 1, 2, ENC_BIG_ENDIAN);
    proto_tree_add_uint(top, hf_kind, tvb, 0, 1, kind);
    TRY {
        call(tvb, "malloc(); // printf()"); /* free() is a word here */
    }
    CATCH_NONFATAL_ERRORS {
    }
    ENDTRY;
    expert_add_info(pinfo, top, &ei_short);
    return view->open(tvb);
}

static void register_it(int protocol)
{
    static int *subtrees[] = {&ett_top};
    static ei_register_info infos[] = {
        {&ei_short, {"sdes.short", PI_MALFORMED, PI_ERROR, "Short", 0}},
    };
    prefs_register_bool_preference(module, "show", "Show", "Whether", &show);
    prefs_register_enum_preference(module, "choice", "Choice", "Which", &choice, choices, FALSE);
}
"""

CASES = [
    ("return view->open(tvb)", "return strcpy(a, b)", "strcpy: use"),
    ("return view->open(tvb)", "return tolower(a)", "tolower: use"),
    ("return view->open(tvb)", "g_assert(a)", "g_assert: use"),
    ("return view->open(tvb)", "snprintf(a + strlen(a), 4, b)", "snprintf with strlen"),
    ("tvb, 0, 1, kind)", "tvb, 0, 1, tvb_get_uint8(tvb, 0))", "use proto_tree_add_item"),
    ("tvb, 0, 1, kind)", "tvb, 0, 1, ENC_NA)", "proto_tree_add_uint takes no encoding"),
    ("proto_tree_add_uint(top, hf_kind", "proto_tree_add_string(top, hf_kind", "proto_tree_add_string takes no FT_UINT8"),
    ("1, 2, ENC_BIG_ENDIAN", "1, 2, ENC_NA", "names the order of octets"),
    ("1, 2, ENC_BIG_ENDIAN", "1, 4, ENC_BIG_ENDIAN", "is FT_UINT16 and gets 4 octets"),
    ("FT_UINT16, BASE_DEC", "FT_BYTES, BASE_NONE", "has no order of octets"),
    ("FT_UINT16, BASE_DEC", "FT_STRING, BASE_NONE", "names the character set"),
    ('col_append_fstr(pinfo->cinfo, COL_INFO, "%u octets", 4)', 'col_append_fstr(pinfo->cinfo, COL_INFO, "octets")', "nothing to format"),
    ("col_set_str(", "col_add_str(", "use col_set_str"),
    ('COL_PROTOCOL, "SDES"', "COL_PROTOCOL, text->str", "use col_add_str"),
    ('call(tvb, "malloc', 'return call(tvb, "malloc', "between TRY and ENDTRY"),
    ("hf_len = -1;", "hf_len = -1, hf_more = -1;", "hf_more is not registered"),
    ("hf_len, tvb, 1, 2", "hf_kind, tvb, 0, 1", "hf_len is not used"),
    ("{&hf_len,", "{&hf_kind,", "hf_kind is registered 2 times"),
    ("{&ett_top}", "{&ett_other}", "ett_top is not registered"),
    ("top, &ei_short", "top, &ei_other", "ei_short is not used"),
    ('"Length", ', '"Length:", ', "ends with a colon"),
    ('"Length", ', '" Length", ', "begins or ends with a space"),
    ('"Length", ', '"Length (octets", ', "bracket that is not closed"),
    ('"RFC 4568 (section 6)"', '"kind"', "repeats the name"),
    ('"sdes.len"', '"sdes.Len"', "not lower case"),
    ('"sdes.len"', '"sdp.len"', "begins with no protocol of the plugin"),
    ('"sdes.len"', '"sdes.kind"', "is of two types"),
    ("0xf0", "0x1f0", "wider than the field"),
    ("0xf0", "0x50", "not one run"),
    ("FT_UINT8, BASE_DEC, VALS(kind_vals), 0xf0", "FT_BOOLEAN, BASE_NONE, NULL, 0xf0", "how many bits the mask is of"),
    ("FT_UINT8, BASE_DEC, VALS(kind_vals), 0xf0", "FT_BOOLEAN, 8, NULL, 0x100", "wider than the base"),
    ("FT_UINT8, BASE_DEC, VALS(kind_vals), 0xf0", "FT_BOOLEAN, 8, NULL, 0", "without mask has no base"),
    ("FT_UINT8, BASE_DEC, VALS(kind_vals)", "FT_UINT8, BASE_NONE, VALS(kind_vals)", "wants a base"),
    ("FT_UINT8, BASE_DEC, VALS(kind_vals)", "FT_UINT8, BASE_DEC, (true_false_string *)x", "takes no true_false_string"),
    ("BASE_DEC, NULL, 0, NULL", "BASE_DEC, kind_vals, 0, NULL", "want VALS()"),
    ("{0, NULL},\n};\nstatic value", "{3, NULL},\n};\nstatic value", "kind_vals does not end with"),
    ('{2, "Two"}, {0, NULL}', '{2, "Two"}', "kind_vals does not end with"),
    ('{1, "One"}, {2', '{3, "One"}, {2', "is not in order"),
    ('{1, "One"}', '{1, "One\\n"}', "text of two lines"),
    ("static const enum_val_t", "static enum_val_t", "choices is not const"),
    ('"show", "Show"', '"Show", "Show"', "is not of lower case letters"),
    ("&choice, choices", "&show, choices", "share &show"),
    ("return view->open(tvb)", "return WIRESHARK_VERSION_MAJOR", "stands in compat.h"),
    ('"SDES"', '"SDE\u015a"', "not ASCII"),
]


def findings(text, tmp_path):
    file = tmp_path / "dissector.c"
    file.write_text(HEAD + text)
    expanded = rules.preprocess(f"cc -o {file}.o -c {file}", tmp_path)
    found = rules.check_source(rules.Source("plugin/protocols/packet-sdes.c", text), rules.fields_of(expanded), False, {"sdes"})
    return [what for _, what in found]


def test_a_file_without_fault(tmp_path):
    assert findings(DISSECTOR, tmp_path) == []


@pytest.mark.parametrize("good, spoiled, finding", CASES, ids=[case[2] for case in CASES])
def test_a_spoiled_file(tmp_path, good, spoiled, finding):
    assert DISSECTOR.count(good) == 1
    assert any(finding in what for what in findings(DISSECTOR.replace(good, spoiled), tmp_path))


@pytest.mark.parametrize("path, include, finding", [
    ("plugin/keys/hmac.c", "<epan/packet.h>", "belongs to libwireshark"),
    ("plugin/keys/hmac.c", '"compat.h"', "belongs to libwireshark"),
    ("plugin/keys/hmac.c", '"sessions/sip.h"', "keys must not know"),
    ("plugin/ciphers/eea.c", '"keys/hmac.h"', "ciphers must not know"),
    ("plugin/reports/verify_text.c", "<wsutil/str_util.h>", "belongs to libwireshark"),
])
def test_layers(path, include, finding):
    source = rules.Source(path, f"#include {include}\n")
    assert any(finding in what for _, what in rules.check_layers(source, without_wireshark=True))


def test_the_plugin():
    assert list(rules.check_all(BUILD)) == []
