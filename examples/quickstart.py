"""One line, one call, one row in the ledger.

Start `spanledger up`, set ANTHROPIC_API_KEY, and run `python examples/quickstart.py`. Without a
real key, start `python -m spanledger_demo.simulator`, set ANTHROPIC_BASE_URL=http://127.0.0.1:4010
and ANTHROPIC_API_KEY=any.
"""

from __future__ import annotations

import anthropic

import spanledger

spanledger.instrument()  # the one line; everything below is as without it

client = anthropic.Anthropic()
with spanledger.tags(team="docs", feature="quickstart", user="me"):
    message = client.messages.create(
        model="claude-haiku-5-5",
        max_tokens=200,
        messages=[{"role": "user", "content": "In one sentence: what is a ledger?"}],
    )

print("".join(block.text for block in message.content if block.type == "text"))
print(f"{message.usage.input_tokens} tokens in, {message.usage.output_tokens} out")

# A short script waits for its last span; a service that keeps running need not.
if spanledger.flush():
    print("Recorded: see 'Latest calls' at http://127.0.0.1:8501")
else:
    print("The collector has not answered. Is `spanledger up` running? Try `spanledger doctor`.")
