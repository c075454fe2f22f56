"""Wireshark's window: it loads the plugin, decrypts with a key log that is set by hand, and its verification window follows what happens.

What is on a screen no test can read. But the text of the verification window goes to the clipboard: it says what became of each packet in
this very process, and must be what tshark says.
"""

from pathlib import Path

import pytest

import desktop as driver

REPOSITORY = Path(__file__).resolve().parents[2]
CALL = REPOSITORY / "captures" / "made_key_log_by_call_id.pcap"
KEYS = REPOSITORY / "keyfiles" / "made_key_log_by_call_id.keylog"
LINK = REPOSITORY / "captures" / "made_d2d_sdes_in_sip.pcap"
REPORT = driver.VERIFICATION

# What Qt writes now and then, as windows and threads come and go.
OF_QT = ("QXcbConnection: XCB error", "QThreadStorage: Thread",
         # ... and whenever a text window closes, be it Lua's or ours
         "wildcard call disconnects from destroyed signal of FunnelTextDialog")


@pytest.fixture(scope="module")
def files(tshark):
    """Call, its key log, link: where the user that Wireshark runs as can read them."""
    return tshark.readable(CALL), tshark.readable(KEYS), tshark.readable(LINK)


@pytest.fixture(scope="module")
def stock_console(tshark, desktop, files):
    """What Wireshark itself writes while the same is done as far as that goes without the plugin."""
    call, _, link = files
    run = driver.Wireshark(desktop, *driver.prepare(tshark, [call], plugin=False))
    try:
        run.wait_loaded(call)
        run.open_preferences("SIP")
        desktop.keys("Return")
        desktop.wait_gone(driver.PREFERENCES)
        run.open(link)
        run.close_capture()
        assert run.quit() == 0
        return set(run.console())
    finally:
        run.end()


def report_of(tshark, capture, *options):
    return tshark.text(capture, "-q", "-z", "d2dsec,verify", *options)


def wait_for_report(run, *parts):
    """The text of the window, once it has these parts."""
    text = ""

    def look():
        nonlocal text
        text = run.desktop.text_of(REPORT)
        return all(part in text for part in parts)

    driver.wait_for("a report with " + ", ".join(parts), look)
    return text


def check_end(run, stock_console):
    """It ends by Ctrl+Q, whatever is open, and said nothing that stock does not say."""
    assert run.quit() == 0
    more = [line for line in run.console() if line not in stock_console and not any(each in line for each in OF_QT)]
    assert not more


def test_key_log_in_the_preferences_file(tshark, wireshark, files, stock_console):
    call, keys, _ = files
    run = wireshark(call, preferences="d2dsec.keylog_file: %s\n" % keys)
    run.wait_loaded(call)
    run.open_verification()
    # Opening it goes through the capture again, as -2 does
    assert wait_for_report(run, "Verdict: verified") == report_of(tshark, call, "-2", "-o", "d2dsec.keylog_file:%s" % keys)
    check_end(run, stock_console)


def test_verification_follows(tshark, wireshark, files, stock_console):
    call, keys, link = files
    run = wireshark(call)
    run.wait_loaded(call)
    run.open_verification()
    assert wait_for_report(run, "Verdict: failed") == report_of(tshark, call, "-2")

    run.set_key_log(keys)
    option = "-o", "d2dsec.keylog_file:%s" % keys
    assert wait_for_report(run, "Verdict: verified", "one pass") == report_of(tshark, call, *option)
    run.verify_again()
    assert wait_for_report(run, "two passes") == report_of(tshark, call, "-2", *option)

    run.open(link)
    assert wait_for_report(run, "Verdict: verified", "d2d-call@example") == report_of(tshark, link, *option)
    run.close_capture()
    assert wait_for_report(run, "No capture is open.") == "No capture is open.\n"

    run.desktop.activate(REPORT)
    run.desktop.keys("Escape")
    run.desktop.wait_gone(REPORT)
    run.open(call)
    run.open_verification()
    run.open_verification()    # in place of the first
    assert wait_for_report(run, "Verdict: verified") == report_of(tshark, call, "-2", *option)
    check_end(run, stock_console)


def test_plaintext_goes_out(tshark, wireshark, files, stock_console):
    call, keys, _ = files
    run = wireshark(call, preferences="d2dsec.keylog_file: %s\n" % keys)
    run.wait_loaded(call)
    run.export_pdus()
    exported, = [path for path in run.home.iterdir() if "pdu" in path.name.lower()]
    exported = tshark.file("exported.pcapng", exported.read_bytes())
    told = tshark.fields(call, "d2dsec.verdict", "rtp.payload", options=("-o", "d2dsec.keylog_file:%s" % keys))
    plain = tshark.text(exported, "-Y", "rtp.payload", "-T", "fields", "-e", "exported_pdu.orig_fno", "-e", "rtp.payload", plugin=False)
    assert plain.splitlines() == ["%d\t%s" % (frame, payload) for frame, (verdict, payload) in told.items() if payload and verdict]
    check_end(run, stock_console)
