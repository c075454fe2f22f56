"""Direct communication over the LTE sidelink, in the manner of scenarios.py: `build` gives a D2dScenario; see there what it tells,
and d2d_parties.py for the labels of its key logs."""

# they register themselves
import d2d_keying_scenarios
import d2d_traffic_scenarios
import d2d_spoiled_scenarios
from d2d_parties import REGISTRY, build
