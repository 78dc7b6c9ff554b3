"""First tokens that come too late."""

from tests.alerts.promtool import Fires, Story
from tests.alerts.stories.availability import CHAT
from tests.alerts.watching import Watched, at_minutes, between, every, told


TTFT = "TensormeshTtftBudgetBurn"
BURN = "TensormeshErrorBudgetBurn"
PAGE = ({**CHAT, "model": "m", "severity": "critical"},)

STORIES = (
    Story(
        name="all first tokens are slow, at 95 %",
        series=told(Watched(ttft=0.95), 180, between(60, 180, "slow")),
        expects=(Fires(TTFT, "104m", PAGE, starts=True), Fires(BURN, "3h")),
    ),
    Story(
        # The fast tier cannot fire at 90 %: more than all would have to be slow.
        name="all first tokens are slow, at 90 %",
        series=told(Watched(ttft=0.9), 300, between(60, 300, "slow")),
        expects=(
            Fires(TTFT, "2h"),
            Fires(TTFT, "276m", PAGE, starts=True),
        ),
    ),
    Story(
        name="half of the first tokens are slow, at 90 %",
        series=told(Watched(ttft=0.9), 300, every(2, 60, "slow")),
        expects=(Fires(TTFT, "5h"),),
    ),
    Story(
        name="two slow first tokens of a canary every half an hour",
        series=told(Watched(ttft=0.99, interval=1800), 180, at_minutes("slow", 60, 90)),
        expects=(Fires(TTFT, "90m"), Fires(TTFT, "3h")),
        no_pages=("3h",),
    ),
    Story(
        name="failed runs have no first token",
        series=told(Watched(ttft=0.95), 90, between(60, 90, "timeout")),
        expects=(Fires(TTFT, "90m"),),
    ),
)
