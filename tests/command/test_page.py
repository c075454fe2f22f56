"""The report as HTML: well-formed, complete, escaped, self-contained."""

import re
from html.parser import HTMLParser

from documents import compared, finding, media, report, session, signalling, stream

VOID = {"meta", "br"}


class Page(HTMLParser):
    """Every element is closed where it should be; text and attributes are kept."""

    def __init__(self, text):
        super().__init__(convert_charrefs=True)
        self.open, self.elements, self.attributes, self.words = [], [], [], []
        self.feed(text)
        self.close()
        assert not self.open

    def handle_starttag(self, tag, attrs):
        self.elements.append(tag)
        self.attributes += attrs
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        if self.open[-1:] != ["style"]:
            self.words.append(data)

    @property
    def text(self):
        return "\n".join(self.words)


def page_of(place, *documents):
    files = [place.report("part%d.json" % number, each) for number, each in enumerate(documents)]
    assert place.run("merge", *files, "--html", "a.html")[0] in (0, 1)
    return (place.folder / "a.html").read_text(encoding="utf-8")


def leaves(value):
    if isinstance(value, dict):
        value = list(value.values())
    if isinstance(value, list):
        return [leaf for each in value for leaf in leaves(each)]
    return [value]


def full_report():
    window = {"from": "2026-03-01T00:00:00.000000000Z", "to": "2026-03-02T00:00:00.000000000Z"}
    document = report("partial", [
        session(1, "partial", streams=[stream(1234, no_key=77), stream(5, protocol="SRTCP")],
                findings=[finding("key_missing", packets=77, detail="SSRC 0x1", text="Ask for the other key.")],
                comparison=[compared("different", 3, derived="eeee000000000005")]),
        session(2, "no_traffic", streams=[])],
        findings=[finding("outside_window", "remark", 9, text="Check the times.")], problem="cut short",
        comparison=[compared("only_delivered", 4, "ffff000000000006")])
    document["case"] = {"liid": "LI-77", "correlation": "C-88", "operator": "Operator 99", "window": window}
    document["source"]["keylogs"] = [{"name": "delivered.log", "size": 321, "sha256": "f" * 64, "problem": "line 2 is not understood"}]
    return document


def test_everything_is_there(place):
    document = full_report()
    text = Page(page_of(place, document)).text
    for leaf in leaves(document):
        if isinstance(leaf, str):
            assert leaf in text or leaf.replace("_", " ") in text, leaf
        elif isinstance(leaf, int) and not isinstance(leaf, bool):
            assert re.search(r"\b%d\b" % leaf, text), leaf
    assert text.index("partial") < text.index("Ask for the other key.")  # the verdict first


def test_merged_report_names_captures(place):
    text = Page(page_of(place, media(), signalling())).text
    assert "Frames are those of capture 1, media.pcap." in text
    assert "Frames of signalling are those of capture 2, signalling.pcap." in text


def test_what_a_capture_says_is_text(place):
    hostile = '"\'><script>alert(1)</script>&amp;<img src=x onerror=alert(1)>'
    document = report(sessions=[session(uri="sip:" + hostile, findings=[finding(hostile, detail=hostile, text=hostile)],
                                        comparison=[compared(hostile)], method=hostile)], name=hostile + ".pcap", problem=hostile)
    document["case"]["operator"] = hostile
    document["verdict"] = hostile
    one = document["sessions"][0]
    one["carrier"] = one["verdict"] = one["streams"][0]["protocol"] = one["streams"][0]["source"] = hostile
    one["identifiers"][0] = {"name": hostile, "value": hostile}
    one["derivation"][0]["inputs"][0]["name"] = hostile
    one["events"][0]["event"] = hostile
    document["totals"][hostile] = 1
    text = page_of(place, document)
    page = Page(text)
    assert not {"script", "img"} & set(page.elements)
    assert not [name for name, _ in page.attributes if name.startswith("on")]
    assert "<script" not in text
    assert page.text.count("<script>alert(1)</script>&amp;<img src=x onerror=alert(1)>") >= 15


def test_self_contained(place):
    text = page_of(place, full_report())
    page = Page(text)
    assert set(page.elements) <= {"html", "head", "meta", "title", "style", "body", "h1", "h2", "h3", "h4", "p", "span", "table",
                                  "thead", "tbody", "tr", "th", "td", "section", "dl", "div", "dt", "dd", "br"}
    assert {name for name, _ in page.attributes} <= {"lang", "charset", "http-equiv", "content", "name", "class", "scope"}
    assert not re.search(r"url\(|@import|https?:", text)


def test_prints_well(place):
    text = page_of(place, full_report())
    printed = text[text.index("@media print") :]
    assert "section.session { break-before: page; }" in printed
    assert "thead { display: table-header-group; }" in printed
    assert Page(text).elements.count("table") == Page(text).elements.count("thead")
    assert Page(text).elements.count("section") == 2


def test_text_that_utf8_cannot_hold(place):
    page = page_of(place, report(sessions=[session(uri="sip:\ud800@example.com")]))
    assert r"sip:\ud800@example.com" in Page(page).text
