"""The services of the live demo: real `anthropic` clients, calling the simulator as users would."""
