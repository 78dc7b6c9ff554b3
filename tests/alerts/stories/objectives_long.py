"""What burns an error budget slowly, over a day."""

from tests.alerts.promtool import Fires, Story
from tests.alerts.stories.availability import BURN, CHAT
from tests.alerts.watching import Watched, every, told


EVALUATION = "5m"

TTFT = "TensormeshTtftBudgetBurn"
TICKET = ({**CHAT, "model": "m", "severity": "warning"},)

STORIES = (
    Story(
        name="every twenty-fifth run fails",
        series=told(Watched(), 19 * 60, every(25, 0, "server_error"), step=300),
        step="5m",
        expects=(Fires(BURN, "17h"), Fires(BURN, "19h", TICKET)),
        no_pages=("19h",),
    ),
    Story(
        name="every fifth first token is slow, at 95 %",
        series=told(Watched(ttft=0.95), 19 * 60, every(5, 0, "slow"), step=300),
        step="5m",
        expects=(Fires(TTFT, "18h"), Fires(TTFT, "19h", TICKET)),
        no_pages=("19h",),
    ),
)
