"""Calls keyed by MIKEY and MIKEY-TICKET, in the manner of scenarios.py: `build` gives what mikey_calls.py describes."""

# they register themselves
import mikey_psk_scenarios
import mikey_ticket_scenarios
import mikey_spoiled_scenarios
from mikey_calls import REGISTRY, build
