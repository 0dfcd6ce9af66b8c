"""Cost explorer: who or what, sliced how; every choice is in the URL."""

from datetime import datetime

import streamlit as st

from spanledger_dashboard import address, data, filters, formats, states
from spanledger_dashboard.cards import explore
from spanledger_dashboard.cards.card import guarded
from spanledger_dashboard.questions import answer

settings = address.settings()
now = datetime.now(settings.zone)

shown = filters.choose_window(now, settings.zone)
question = filters.choose_question(shown)
with guarded(height=60):
    values = data.dimension_values(settings.source, shown.start, shown.end)
    wanted = filters.choose_filters(values)

    with st.skeleton(height=480):
        given = answer(settings.source, shown, question, wanted)
        if given.empty:
            where = formats.plain(formats.zone_name(shown.zone, now))
            states.nothing_here(
                f"No call matches {'these filters' if wanted else 'this range'}: "
                f"{shown.describe()}, {where}. Choose a longer range or fewer filters."
            )
        else:
            explore.headline(given, shown, wanted)
            explore.timeline(settings.source, shown, question, wanted, given)
            explore.composition(given, question)
            explore.table_and_download(given, shown, question)
