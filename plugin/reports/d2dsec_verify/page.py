"""A report as one page of HTML: for people, to read and to print. It asks no network, runs no script, and is the same for the same
report. Everything that the report has is on it; its words are the report's own members.
"""

from html import escape

from .summary import MEANINGS, session_packets, session_parties, session_title, words

STYLE = """
:root { color-scheme: light; }
body { font: 15px/1.45 system-ui, "Segoe UI", Helvetica, Arial, sans-serif; color: #1b1f24; background: #fff; max-width: 70rem;
       margin: 2rem auto; padding: 0 1.5rem; }
h1 { font-size: 1.7rem; margin: 0 0 .6rem; }
h2 { font-size: 1.25rem; margin: 2.2rem 0 .6rem; padding-top: .8rem; border-top: 2px solid #1b1f24; }
h3 { font-size: 1rem; margin: 1.3rem 0 .4rem; }
h4 { font-size: .95rem; margin: 1rem 0 .3rem; }
p { margin: .3rem 0 .7rem; }
table { border-collapse: collapse; width: 100%; font-size: .85rem; margin: .3rem 0 .9rem; }
th, td { text-align: left; vertical-align: top; padding: .25rem .5rem; border: 1px solid #d0d7de; overflow-wrap: anywhere; }
thead th { background: #f3f5f7; font-weight: 600; }
td.number { text-align: right; font-variant-numeric: tabular-nums; }
td.mono, dd.mono { font-family: ui-monospace, "DejaVu Sans Mono", Consolas, monospace; font-size: .8rem; }
dl { display: grid; grid-template-columns: repeat(auto-fill, minmax(14rem, 1fr)); gap: .25rem 1.2rem; margin: .3rem 0 .9rem;
     font-size: .85rem; }
dl div { display: flex; justify-content: space-between; gap: .8rem; border-bottom: 1px solid #e6eaee; }
dt { color: #57606a; }
dd { margin: 0; text-align: right; overflow-wrap: anywhere; font-variant-numeric: tabular-nums; }
.verdict { display: inline-block; padding: .1rem .6rem; border: 1px solid; border-radius: .3rem; font-weight: 600; }
.verified { color: #0a5d28; background: #e3f6e8; }
.partial { color: #7a4b00; background: #fff3d6; }
.failed, .problem { color: #96121d; background: #fde8e9; }
.no_traffic { color: #424a53; background: #eceff2; }
.problem { padding: .3rem .6rem; }
.none { color: #8c959f; }
@page { margin: 16mm 14mm; }
@media print {
  body { font-size: 10pt; margin: 0; padding: 0; max-width: none; }
  section.session { break-before: page; }
  h2 { border-top: 0; padding-top: 0; }
  h2, h3, h4 { break-after: avoid; }
  thead { display: table-header-group; }
  tr, dl div { break-inside: avoid; }
  .verdict, thead th, .problem { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
}
"""
MONOSPACED = {"sha256", "fingerprint", "delivered", "derived", "key", "ssrc", "output_fingerprint"}
NONE = '<span class="none">–</span>'


# --- Pieces -------------------------------------------------------------------------------------------

def _text(value):
    if value is None or value == "":
        return NONE
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, dict):
        return "<br>".join("%s: %s" % (escape(words(name)), _text(each)) for name, each in value.items())
    if isinstance(value, list):
        return "<br>".join(map(_text, value)) or NONE
    return escape(str(value))


def _class_of(name, value):
    if isinstance(value, int) and not isinstance(value, bool):
        return ' class="number"'
    return ' class="mono"' if name in MONOSPACED else ""


def _table(rows, skip=()):
    """Of objects that have the same members: a column a member."""
    names = list(dict.fromkeys(name for row in rows for name in row if name not in skip))
    head = "".join('<th scope="col">%s</th>' % escape(words(name)) for name in names)
    body = "\n".join("<tr>%s</tr>" % "".join("<td%s>%s</td>" % (_class_of(name, row.get(name)), _text(row.get(name))) for name in names)
                     for row in rows)
    return "<table>\n<thead><tr>%s</tr></thead>\n<tbody>\n%s\n</tbody>\n</table>" % (head, body)


def _part(level, title, rows, skip=()):
    """A table under a heading, or nothing."""
    return ["<h%d>%s</h%d>" % (level, escape(title), level), _table(rows, skip)] if rows else []


def _flat(members):
    """{"failed": {"total": 1}} -> ("failed, total", 1)"""
    for name, value in members.items():
        if isinstance(value, dict):
            for inner, each in _flat(value):
                yield "%s, %s" % (words(name), inner), each
        else:
            yield words(name), value


def _grid(members):
    return "<dl>\n%s\n</dl>" % "\n".join(
        "<div><dt>%s</dt><dd%s>%s</dd></div>" % (escape(name), _class_of(name, value).replace(' class="number"', ""), _text(value))
        for name, value in _flat(members))


def _verdict(verdict):
    return '<span class="verdict %s">%s</span>' % (escape(verdict), escape(words(verdict)))


def _findings(level, findings):
    rows = [{"": finding["kind"], "finding": words(finding["code"]), "packets": finding["packets"] or None,
             "detail": finding["detail"], "what to do": finding["text"]} for finding in findings]
    return _part(level, "Findings", rows)


# --- The page -----------------------------------------------------------------------------------------

def page_of(report):
    captures = report["source"]["captures"]
    title = "Verification report: %s" % words(report["verdict"])
    lines = [
        "<!DOCTYPE html>", '<html lang="en">', "<head>", '<meta charset="utf-8">',
        '<meta http-equiv="Content-Security-Policy" content="default-src \'none\'; style-src \'unsafe-inline\'">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        "<title>%s</title>" % escape(title), "<style>%s</style>" % STYLE, "</head>", "<body>",
        "<h1>Verification report</h1>",
        "<p>%s %s.</p>" % (_verdict(report["verdict"]), escape(MEANINGS.get(report["verdict"], ""))),
    ]
    files = [("Capture", file) for file in captures] + [("Key log", file) for file in report["source"]["keylogs"]]
    lines += ['<p class="problem">%s %s: %s</p>' % (kind, escape(file["name"]), escape(file["problem"]))
              for kind, file in files if file["problem"]]
    lines += _findings(3, report["findings"])
    lines += _overview(report["sessions"])
    lines += ["<h2>Case</h2>", _grid(report["case"])]
    lines += _sources(report["source"])
    lines += ["<h2>Totals</h2>", _grid(report["totals"])]
    lines += _part(2, "Delivered keys that belong to no session", report["comparison"])
    for session in report["sessions"]:
        lines += _session(session, captures)
    lines += ['<p class="none">%s, version %d</p>' % (escape(report["format"]), report["version"]), "</body>", "</html>"]
    return "\n".join(lines) + "\n"


def _overview(sessions):
    if not sessions:
        return []
    rows = []
    for session in sessions:
        packets, opened, failed = session_packets(session)
        cells = escape(session_title(session)), escape(session_parties(session))
        rows.append('<tr><td class="number">%d</td><td>%s</td><td>%s</td><td>%s</td><td class="number">%d</td>'
                    '<td class="number">%d</td><td class="number">%d</td></tr>' %
                    (session["id"], _verdict(session["verdict"]), *cells, packets, opened, failed))
    head = "".join('<th scope="col">%s</th>' % name
                   for name in ("session", "verdict", "method", "parties", "packets", "opened", "failed"))
    return ["<h3>Sessions</h3>", "<table>\n<thead><tr>%s</tr></thead>\n<tbody>\n%s\n</tbody>\n</table>" % (head, "\n".join(rows))]


def _sources(source):
    lines = ["<h2>Sources</h2>"]
    numbered = [{"": number, **file} for number, file in enumerate(source["captures"], 1)]
    lines += _part(3, "Captures", numbered)
    lines += _part(3, "Key logs", source["keylogs"])
    lines += _part(3, "Preferences that are not at their defaults", source["preferences"])
    lines += ["<h3>Tools</h3>", _grid({**source["tools"], "two_passes": source["two_passes"]})]
    return lines


def _capture_name(part, captures):
    """Whose frame numbers those of a session or a stream are. Nothing where there is one capture."""
    number = part.get("capture")
    return "capture %d, %s" % (number, captures[number - 1]["name"]) if number else None


def _session(session, captures):
    lines = ['<section class="session">',
             "<h2>Session %d: %s %s</h2>" % (session["id"], escape(session_title(session)), _verdict(session["verdict"]))]
    place = _capture_name(session, captures)
    if place:
        lines.append("<p>Frames of signalling are those of %s.</p>" % escape(place))
    lines += _findings(3, session["findings"])
    lines += _part(3, "Parties", session["parties"])
    lines += _part(3, "Identifiers", session["identifiers"])
    lines += _part(3, "Signalling", [{**event, "event": words(event["event"])} for event in session["events"]])
    lines += _part(3, "Keys", session["keys"])
    lines += _derivation(session["derivation"])
    lines += _part(3, "Delivered against derived", [{**each, "match": words(each["match"])} for each in session["comparison"]])
    for number, stream in enumerate(session["streams"], 1):
        lines += _stream(number, stream, captures)
    return [*lines, "</section>"]


def _derivation(steps):
    """Each input on a line of its own."""
    rows = []
    for number, step in enumerate(steps, 1):
        inputs = ["%s, %s octets: %s" % (each["name"], each["length"], each["value"] if each["value"] is not None else
                                         "fingerprint %s" % each["fingerprint"]) for each in step["inputs"]]
        rows.append({"": number, **step, "inputs": inputs})
    return _part(3, "Derivation; keys by their fingerprints", rows)


def _stream(number, stream, captures):
    ends = "%s → %s" % (stream["source"] or "unknown", stream["destination"] or "unknown")
    title = "Stream %d: %s, %s" % (number, stream["protocol"], ends)
    lines = ["<h3>%s</h3>" % escape(title)]
    place = _capture_name(stream, captures)
    if place:
        lines.append("<p>Frames are those of %s.</p>" % escape(place))
    lines.append(_grid({name: value for name, value in stream.items() if name not in (
        "capture", "protocol", "source", "destination", "stretches")}))
    lines += _part(4, "By key", stream["stretches"])
    return lines
