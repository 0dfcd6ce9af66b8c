"""Cost explorer: who or what, sliced how; every choice is in the URL."""

from spanledger_dashboard import filters, formats, states
from spanledger_dashboard.cards import explore
from spanledger_dashboard.cards.card import guarded
from spanledger_dashboard.cards.changes import change
from spanledger_dashboard.questions import answer

here = filters.scope()
shown, wanted = here.shown, here.filters
question = filters.choose_question(shown)

with guarded(height=60), states.loading(480):
    given = answer(here.source, shown, question, wanted)
    if given.empty:
        where = formats.plain(formats.zone_name(shown.zone, here.now))
        states.nothing_here(
            f"No call matches {'these filters' if wanted else 'this range'}: "
            f"{shown.describe()}, {where}. Choose a longer range or fewer filters."
        )
    else:
        explore.headline(given, shown, wanted)
        explore.timeline(here.source, shown, question, wanted, given)
        explore.composition(given, question)
        change(here, question.groups[0])
        explore.table_and_download(given, shown, question)
