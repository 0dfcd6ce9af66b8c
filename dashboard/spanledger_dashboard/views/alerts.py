"""Budgets & alerts: what fires now, who runs out when, what happened, and rules tried out."""

import streamlit as st

from spanledger_dashboard import address
from spanledger_dashboard.cards.alert_history import history
from spanledger_dashboard.cards.alert_rules import rules_and_preview
from spanledger_dashboard.cards.alerts import alert_page, fires_now
from spanledger_dashboard.cards.budgets import budget_cards

address.arrive()
settings = address.settings()

if st.session_state["alert"]:
    alert_page(settings, st.session_state["alert"])
else:
    fires_now(settings)
    budget_cards(settings)
    history(settings)
    rules_and_preview(settings)
