"""The command d2dsec-verify.

command   what a person says and gets: options, exit status
captures  a set of captures, each a unit of work; keys that pass from one to the others; what is kept in --work-dir
tshark    how tshark is found and called, and what it complains of
children  processes side by side, progress, interruption
report    reports: read, written, merged
page      a report as HTML
summary   a report in a few lines
"""


class InputError(Exception):
    """What was given can't be worked with: exit status 2. Its text is for people."""
