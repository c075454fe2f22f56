#!/usr/bin/env python3
"""Holds the plugin to the rules that Wireshark has for dissectors (README.dissector, README.developer), and to this project's layers.

usage: check_wireshark_rules.py BUILD-DIR

Prints one line for each breach and exits with 1 if there is any. Wireshark's own checkers stay in its source tree, so these are others. The
tables of fields are read as the compiler sees them, behind all macros; so the build directory must be configured.
"""
import json
import re
import shlex
import subprocess
import sys
from pathlib import Path

# --- what is called --------------------------------------------------------------------------------------------------

# Nowhere in the plugin. By what is to be used instead.
PROHIBITED = {
    "g_strdup_printf, GString or snprintf": "sprintf vsprintf g_sprintf g_vsprintf strcpy strncpy strcat strncat stpcpy gets",
    "text_scan.h or g_ascii_strto*": "atoi atol atoll atof strtol strtoul strtoll strtoull strtod sscanf strtok strtok_r",
    "the allocator of GLib or wmem": "malloc calloc realloc valloc free strdup strndup alloca",
    "the function of the C locale, g_ascii_*":
        "isalnum isalpha isascii iscntrl isdigit isgraph islower isprint ispunct isspace isupper isxdigit tolower toupper strcasecmp "
        "strncasecmp g_strcasecmp g_strncasecmp g_strup g_strdown",
    "octets.h, pntoh.h or tvb_get_*": "ntohs ntohl htons htonl",
    "memset, memcpy, memcmp": "bzero bcopy bcmp",
    "address_to_str or g_inet_address_*": "inet_ntoa inet_addr inet_aton gethostbyname",
    "GDateTime or abs_time_to_str": "ctime asctime gmtime localtime ctime_r asctime_r",
    "g_strerror": "strerror perror",
    "ws_fopen and its like, or GLib, which know how Windows names files": "open fopen freopen stat fstat lstat lseek mkdir rename unlink remove",
    "g_memdup2": "g_memdup",
    "GLib's random numbers, or OpenSSL's": "rand srand random",
    "g_mkstemp": "tmpnam tempnam mktemp",
    "an error that is shown: a capture must not end the program":
        "abort exit _exit assert g_assert g_assert_not_reached g_error assert_perror",
    "an expert info or a report: nobody reads what a dissector prints":
        "printf fprintf puts putchar fputs fputc vprintf g_print g_printerr g_warning g_message g_critical g_debug g_log",
    "nothing: the plugin runs no other program": "system popen execl execv fork g_spawn_sync g_spawn_command_line_sync",
    "the function that took its place": "tvb_length tvb_length_remaining tvb_ensure_length_remaining proto_tree_add_text ep_alloc "
        "se_alloc check_col g_string_sprintf next_tvb_add_port",
}
INSTEAD = {name: instead for instead, names in PROHIBITED.items() for name in names.split()}

# Members of that name are no matter of these rules.
CALL = re.compile(r"(?<![\w.>])(?<!->)(\w+)\s*\(")

INTEGERS_32 = {"FT_CHAR", "FT_UINT8", "FT_UINT16", "FT_UINT24", "FT_UINT32"}
INTEGERS_64 = {"FT_UINT40", "FT_UINT48", "FT_UINT56", "FT_UINT64"}
STRINGS = {"FT_STRING", "FT_STRINGZ", "FT_STRINGZPAD", "FT_STRINGZTRUNC", "FT_UINT_STRING"}
OCTETS = {"FT_BYTES", "FT_UINT_BYTES"}
WITHOUT_ORDER = OCTETS | {"FT_NONE", "FT_PROTOCOL", "FT_IPv6", "FT_ETHER"}

# The types of fields that a function takes.
TYPES = {
    "proto_tree_add_uint": INTEGERS_32 | {"FT_FRAMENUM"},
    "proto_tree_add_uint_format_value": INTEGERS_32 | {"FT_FRAMENUM"},
    "proto_tree_add_uint64": INTEGERS_64,
    "proto_tree_add_item_ret_uint": INTEGERS_32,
    "proto_tree_add_item_ret_uint64": INTEGERS_64,
    "proto_tree_add_boolean": {"FT_BOOLEAN"},
    "proto_tree_add_item_ret_boolean": {"FT_BOOLEAN"},
    "proto_tree_add_string": STRINGS,
    "proto_tree_add_string_format_value": STRINGS,
    "proto_tree_add_item_ret_string": STRINGS,
    "proto_tree_add_bytes": OCTETS,
    "proto_tree_add_bytes_with_length": OCTETS,
    "proto_tree_add_none_format": {"FT_NONE"},
    "proto_tree_add_time": {"FT_ABSOLUTE_TIME", "FT_RELATIVE_TIME"},
}
TAKES_ENCODING = re.compile(r"proto_tree_add_(item\w*|bits_\w+|bitmask\w*|time_item|bytes_item|checksum)$")
WIDTHS = {"FT_CHAR": 8, **{f"FT_{sign}INT{bits}": bits for sign in ("", "U") for bits in range(8, 65, 8)}}


class Source:
    """One file: its text; bare, without comments; and code, without comments and what stands in strings. All of one length."""

    TOKEN = re.compile(r'/\*.*?\*/|//[^\n]*|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)

    def __init__(self, path, text):
        self.path, self.text = path, text
        self.bare = self.TOKEN.sub(lambda m: self.blank(m) if m[0][0] == "/" else m[0], text)
        self.code = self.TOKEN.sub(lambda m: m[0][0] + self.blank(m)[1:-1] + m[0][-1] if m[0][0] != "/" else self.blank(m), text)

    @staticmethod
    def blank(match):
        return re.sub(r"[^\n]", " ", match[0])

    def at(self, offset):
        return f"{self.path}:{self.text.count(chr(10), 0, offset) + 1}"


def arguments(code, start):
    """The arguments of a call, or the members of an initializer, whose bracket opens before start; with where it closes."""
    depth, at, pieces = 0, start, []
    for match in re.compile(r'"(?:\\.|[^"\\\n])*"|[][(){},]').finditer(code, start):
        if match[0] in "([{":
            depth += 1
        elif match[0] in ")]}":
            depth -= 1
        if depth < 0 or (depth == 0 and match[0] == ","):
            pieces.append(code[at:match.start()].strip())
            at = match.end()
        if depth < 0:
            return pieces, match.end()
    return pieces, len(code)


def check_calls(source):
    for call in CALL.finditer(source.code):
        if call[1] in INSTEAD:
            yield source.at(call.start()), f"{call[1]}: use {INSTEAD[call[1]]}"
    for call in re.finditer(r"\bsnprintf\s*\(", source.code):
        if any("strlen" in piece for piece in arguments(source.code, call.end())[0]):
            yield source.at(call.start()), "snprintf with strlen puts text together: use GString"


def check_tree_calls(source, fields):
    """Calls that name their field: the type fits the function, and the encoding the type."""
    for call in re.finditer(r"\b(proto_tree_add_\w+)\s*\(", source.bare):
        args, _ = arguments(source.bare, call.end())
        function, at = call[1], source.at(call.start())
        encodings = [arg for arg in args[3:] if re.match(r"ENC_\w+", arg)]
        if encodings and not TAKES_ENCODING.match(function):
            yield at, f"{function} takes no encoding"
        if function in TYPES and any(re.match(r"tvb_get_(?!ptr)", arg) for arg in args[5:]):
            yield at, f"{function} shows what tvb_get_* read from there: use proto_tree_add_item"
        if function.startswith(("proto_tree_add_bytes_format", "proto_tree_add_ether")) and any("tvb_get_ptr" in arg for arg in args):
            yield at, f"{function} reads from the tvbuff itself: no tvb_get_ptr"
        field = fields.get(args[1]) if len(args) > 1 else None
        if not field:
            continue
        if field.type not in TYPES.get(function, {field.type}):
            yield at, f"{function} takes no {field.type} as {args[1]} is"
        if function.startswith("proto_tree_add_item") and encodings:
            yield from ((at, fault) for fault in encoding_faults(field.type, encodings[-1], args))


def encoding_faults(kind, encoding, args):
    if kind in WITHOUT_ORDER and "ENDIAN" in encoding:
        yield f"{args[1]} is {kind}, which has no order of octets: use ENC_NA"
    elif kind in STRINGS and not re.search(r"ENC_(ASCII|UTF_8|UCS_2|UTF_16|BCD|KEYPAD|3GPP|STR|ISO)", encoding):
        yield f"{args[1]} is {kind}: the encoding names the character set"
    elif kind in WIDTHS and WIDTHS[kind] > 8 and "ENDIAN" not in encoding:
        yield f"{args[1]} is {kind}: the encoding names the order of octets"
    if kind in WIDTHS and args[4].isdigit() and int(args[4]) * 8 > WIDTHS[kind]:
        yield f"{args[1]} is {kind} and gets {args[4]} octets"


def check_columns(source):
    for call in re.finditer(r"\b(col_(?:add|append|set|prepend)_\w+)\s*\(", source.bare):
        args, _ = arguments(source.bare, call.end())
        text = args[-1] if len(args) > 2 else ""
        if call[1] == "col_add_str" and text.startswith('"'):
            yield source.at(call.start()), "col_add_str copies a text that is constant: use col_set_str"
        if call[1] == "col_set_str" and re.search(r"wmem_|g_str|->str\b|tvb_get", text):
            yield source.at(call.start()), "col_set_str keeps a text that does not last: use col_add_str"
        if call[1].endswith("_fstr") and text.startswith('"') and "%" not in text:
            yield source.at(call.start()), f"{call[1]} has nothing to format: use the one that ends with _str"


def check_exceptions(source):
    """What leaves a TRY by another way than its end leaves the stack of handlers behind."""
    for block in re.finditer(r"\bTRY\s*\{(.*?)\bENDTRY\b", source.code, re.S):
        if re.search(r"\breturn\b|\bgoto\b", block[1]):
            yield source.at(block.start()), "return or goto between TRY and ENDTRY"


# --- what is registered ----------------------------------------------------------------------------------------------

DECLARED = re.compile(r"^static\s+(?:int|gint|expert_field)\s+((?:hf|ett|ei)_\w+[^;]*);", re.M)


def check_registration(source):
    """Each hf_, ett_ and ei_ of a file stands by its address in a table, once, and is used besides."""
    for declaration in DECLARED.finditer(source.code):
        for name in re.findall(r"\b(?:hf|ett|ei)_\w+", declaration[1]):
            rest = source.code[:declaration.start()] + source.code[declaration.end():]
            uses = len(re.findall(rf"\b{name}\b", rest))
            listed = len(re.findall(rf"(?:\{{\s*|\{{[^;{{}}]*,\s*)&{name}(?:\[[^]]*\])?\s*[,}}]", rest))
            if listed == 0:
                yield source.at(declaration.start()), f"{name} is not registered"
            elif listed > 1 and name.startswith("hf_"):
                yield source.at(declaration.start()), f"{name} is registered {listed} times"
            if uses <= listed:
                yield source.at(declaration.start()), f"{name} is not used"


def check_enumerated(header, sources):
    """The same for the fields that stand in an array, by an enumeration: registered in the file of the header's name, used elsewhere."""
    for enumeration in re.finditer(r"typedef enum \{([^}]*)\} (?:mikey|pc5s)_field;", header.code):
        names = [name for name in re.findall(r"\b([MP]F_\w+)\b(?!\s*[+=])", enumeration[1]) if not name.endswith("_COUNT")]
        table = sources[header.path[:-2] + ".c"]
        others = "".join(source.code for path, source in sources.items() if path not in (table.path, header.path))
        counted = {"_".join(name.split("_")[:2]) for name in re.findall(r"\b([MP]F_\w+)\s*\+", others)}
        for name in dict.fromkeys(names):
            if not re.search(rf"\(\s*{name[3:]}\b|\b{name}\b", table.code):
                yield header.path, f"{name} is not registered"
            if not re.search(rf"\b{name}\b", others + table.code) and "_".join(name.split("_")[:2]) not in counted:
                yield header.path, f"{name} is not used"


# --- fields ----------------------------------------------------------------------------------------------------------

class Field:
    def __init__(self, members):
        text = [re.sub(r'"\s*"', "", member).strip() for member in members]
        self.name, self.abbreviation, self.type, self.display, self.strings, mask = text[:6]
        self.blurb = text[6]
        mask = re.sub(r"[uUlL]+\b", "", mask)
        # The value of an enumerator is not told: None.
        self.mask = eval(mask) if re.fullmatch(r"(?:0x[0-9a-fA-F]+|\d+|[\s()<>|+-])+", mask) else None


def fields_of(preprocessed):
    """By its variable, each field of the tables in a text that has been through the preprocessor."""
    fields = {}
    for table in re.finditer(r"\bhf_register_info\s+\w+\[\]\s*=\s*\{", preprocessed):
        entries, _ = arguments(preprocessed, table.end())
        for entry in filter(None, entries):
            members, _ = arguments(entry, 1)
            description, _ = arguments(members[1], 1)
            fields[members[0].lstrip("&")] = Field(description)
    return fields


def field_faults(field):
    name, abbreviation, blurb = field.name.strip('"'), field.abbreviation.strip('"'), field.blurb.strip('"')
    texts = (("name", name), ("description", blurb if field.blurb.startswith('"') else "."))
    for what, text in texts:
        if not text or text != text.strip():
            yield f"the {what} is empty, or begins or ends with a space"
        if text.endswith(":"):
            yield f"the {what} ends with a colon"
        if not text.isascii():
            yield f"the {what} has a character that is not ASCII"
        if text.count("(") != text.count(")") or text.count("[") != text.count("]"):
            yield f"the {what} has a bracket that is not closed"
    if name.lower() == blurb.lower():
        yield "the description repeats the name"
    if name == abbreviation:
        yield "the name is the filter name"
    if not re.fullmatch(r"[a-z0-9_]+(\.[a-z0-9_]+)+", abbreviation):
        yield "the filter name is not lower case, parts with a dot between them"
    if field.type == "FT_BOOLEAN":
        if field.mask and not field.display.isdigit():
            yield "a boolean with a mask tells as its base how many bits the mask is of"
        elif field.mask and field.mask >> int(field.display):
            yield "the mask is wider than the base"
        elif field.mask == 0 and field.display != "BASE_NONE":
            yield "a boolean without mask has no base"
        if "value_string" in field.strings:
            yield "a boolean takes a true_false_string"
    elif field.mask:
        if field.type not in WIDTHS:
            yield f"{field.type} takes no mask"
        elif field.mask >> WIDTHS[field.type]:
            yield "the mask is wider than the field"
    if field.mask and bin(field.mask).strip("0b").count("0"):
        yield "the bits of the mask are not one run"
    if field.type in WIDTHS and not re.search(r"BASE_(DEC|HEX|OCT|CUSTOM)|BASE_PT", field.display) and field.type != "FT_CHAR":
        yield f"{field.type} wants a base"
    if field.type in STRINGS | OCTETS | {"FT_NONE", "FT_FRAMENUM", "FT_IPv4", "FT_IPv6"} and re.search(r"BASE_(DEC|HEX|OCT)", field.display):
        yield f"{field.type} has no base"
    if "value_string" in field.strings and "val64" not in field.strings and field.type in INTEGERS_64:
        yield "a field of 64 bits takes a val64_string"
    if "true_false_string" in field.strings and field.type != "FT_BOOLEAN":
        yield f"{field.type} takes no true_false_string"
    if re.fullmatch(r"\w+", field.strings) and field.strings != "NULL" and not field.strings.isdigit():
        yield "the strings want VALS(), TFS() or the like around them"


def check_fields(source, fields, protocols):
    seen = {}
    for variable, field in fields.items():
        for fault in field_faults(field):
            yield source.path, f"{variable} ({field.abbreviation}): {fault}"
        if field.abbreviation.strip('"').split(".")[0] not in protocols:
            yield source.path, f"{variable}: {field.abbreviation} begins with no protocol of the plugin"
        twin = seen.setdefault(field.abbreviation, field)
        if twin is not field and twin.type != field.type:
            yield source.path, f"{field.abbreviation} is of two types, {twin.type} and {field.type}"


ENDS = {"value_string": "0,NULL", "val64_string": "0,NULL", "range_string": "0,0,NULL", "string_string": "NULL,NULL",
        "enum_val_t": "NULL,NULL,0"}


def check_strings(source):
    for table in re.finditer(r"(static\s+)?(const\s+)?\b(value_string|val64_string|range_string|string_string|enum_val_t)\s+"
                             r"(\w+)\[[^]]*\]\s*=\s*\{", source.bare):
        entries = [entry for entry in arguments(source.bare, table.end())[0] if entry]
        last = re.sub(r"[{}\s]", "", entries[-1]) if entries else ""
        at, kind, name = source.at(table.start()), table[3], table[4]
        if not table[2]:
            yield at, f"{name} is not const"
        if last.replace("-1", "0") != ENDS[kind]:
            yield at, f"{name} does not end with {{{ENDS[kind].replace(',', ', ')}}}"
        if "\\n" in source.bare[table.start():arguments(source.bare, table.end())[1]]:
            yield at, f"{name} has a text of two lines"
        if re.search(rf"VALUE_STRING_EXT_INIT\(\s*{name}\s*\)", source.code):
            keys = [re.match(r"\{\s*(\w+)", entry)[1] for entry in entries[:-1]]
            numbers = [int(key, 0) for key in keys if re.fullmatch(r"0x[0-9a-fA-F]+|\d+", key)]
            if numbers != sorted(set(numbers)):
                yield at, f"{name} is searched by halves and is not in order"


def check_preferences(source):
    seen = set()
    for call in re.finditer(r"\bprefs_register_(bool|uint|enum|string|filename|range|uat)_preference\s*\(", source.bare):
        args, _ = arguments(source.bare, call.end())
        name = args[1].strip('"')
        if args[1].startswith('"') and not re.fullmatch(r"[a-z0-9_.]+", name):
            yield source.at(call.start()), f'preference "{name}" is not of lower case letters, digits, "_" and "."'
        place = {"enum": -3, "range": -2, "filename": -2}.get(call[1], -1)
        variable = args[place]
        if "&" in variable and "[" not in variable and "->" not in variable and variable in seen:
            yield source.at(call.start()), f"two preferences share {variable}"
        seen.add(variable)


# --- layers ----------------------------------------------------------------------------------------------------------

LAYERS = {"ciphers": ("ciphers",), "keys": ("ciphers", "keys"), "sessions": ("ciphers", "keys", "sessions")}


def check_layers(source, without_wireshark):
    layer = source.path.split("/")[1]
    for include in re.finditer(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', source.bare, re.M):
        at, name = source.at(include.start()), include[2]
        folder = name.split("/")[0]
        if without_wireshark and (folder in ("epan", "wsutil", "wiretap", "ui", "protocols") or
                                  name in ("compat.h", "config.h", "cfile.h", "wireshark.h", "ws_version.h", "ws_symbol_export.h")):
            yield at, f"{name} belongs to libwireshark, and this file builds without it"
        elif layer in LAYERS and include[1] == '"' and folder not in LAYERS[layer]:
            yield at, f"{layer} must not know {name}"
        elif layer == "protocols" and folder == "reports":
            yield at, f"protocols must not know {name}"
    if source.path != "plugin/compat.h":
        for match in re.finditer(r"\bWIRESHARK_VERSION_\w+|\bVERSION_(MAJOR|MINOR)\b|\bD2D_WS_AT_LEAST\b", source.code):
            yield source.at(match.start()), f"{match[0]}: what differs between lines of Wireshark stands in compat.h"
    for match in re.finditer(r"[^\x00-\x7f]", source.text):
        yield source.at(match.start()), "a character that is not ASCII"


# --- all of it -------------------------------------------------------------------------------------------------------

def preprocess(command, directory):
    words = shlex.split(command)
    words = words[next(i for i, word in enumerate(words) if "ccache" not in word):]
    del words[words.index("-o"):words.index("-o") + 2]
    words[words.index("-c")] = "-E"
    run = subprocess.run(words + ["-P", "-DNULL=NULL", "-w"], cwd=directory, capture_output=True, text=True, check=False)
    if run.returncode:
        sys.exit(f"{' '.join(words)}:\n{run.stderr}")
    return run.stdout


def check_source(source, fields, without_wireshark, protocols):
    yield from check_calls(source)
    yield from check_layers(source, without_wireshark)
    if not without_wireshark:
        yield from check_tree_calls(source, fields)
        yield from check_columns(source)
        yield from check_exceptions(source)
        yield from check_registration(source)
        yield from check_fields(source, fields, protocols)
        yield from check_strings(source)
        yield from check_preferences(source)


def check_all(build):
    top = Path(__file__).resolve().parents[2]
    commands = {Path(entry["file"]).resolve(): entry for entry in json.loads((build / "compile_commands.json").read_text())}
    sources = {}
    for path in sorted([*top.glob("plugin/**/*.c"), *top.glob("plugin/**/*.h")]):
        sources[str(path.relative_to(top))] = Source(str(path.relative_to(top)), path.read_text())
    core = re.search(r"add_library\(d2dsec_core STATIC(.*?)\)", (top / "plugin/CMakeLists.txt").read_text(), re.S)[1].split()
    protocols = {match[1] for source in sources.values()
                 for match in re.finditer(r'proto_register_protocol\(\s*"[^"]*",\s*"[^"]*",\s*"([^"]*)"', source.bare)}
    for path, source in sources.items():
        stem = re.sub(r"\.[ch]$", "", path)
        without = path.split("/")[1] in LAYERS or f"{stem}.c".removeprefix("plugin/") in core
        fields = {}
        if "hf_register_info" in source.code:
            entry = commands[top / path]
            fields = fields_of(preprocess(entry["command"], entry["directory"]))
        yield from check_source(source, fields, without, protocols)
        if "_fields.h" in path:
            yield from check_enumerated(source, sources)


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit(__doc__)
    found = [f"{where}: {what}" for where, what in check_all(Path(sys.argv[1]))]
    print("\n".join(found) if found else "no breach")
    sys.exit(bool(found))
