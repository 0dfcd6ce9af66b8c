"""The demo: a simulated Claude API, thirty days of history and real SDK clients calling it."""
