"""The dashboard: shows teams what they spend on the Claude API and why."""
