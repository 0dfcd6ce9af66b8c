"""A nightly job on the Message Batches API, at half price.

Run it as `examples/quickstart.py`. A batch may take from minutes to a day; the simulated API is
done at once.
"""

from __future__ import annotations

import time

import anthropic
from anthropic.types.messages import MessageBatch

import spanledger

PRODUCTS = {"mug-17": "a blue mug", "pen-02": "a fountain pen", "bag-31": "a canvas bag"}
LONGEST_PAUSE_S = 60.0


def finished(client: anthropic.Anthropic, batch: MessageBatch) -> MessageBatch:
    """Wait until a batch has ended, asking less and less often."""
    pause_s = 0.5
    while batch.processing_status != "ended":
        time.sleep(pause_s)
        pause_s = min(pause_s * 2, LONGEST_PAUSE_S)
        batch = client.messages.batches.retrieve(batch.id)
    return batch


def main() -> None:
    """Describe every product."""
    spanledger.instrument()
    with anthropic.Anthropic() as client, spanledger.tags(team="catalog", feature="descriptions"):
        batch = client.messages.batches.create(
            requests=[
                {
                    "custom_id": sku,
                    "params": {
                        "model": "claude-haiku-5-5",
                        "max_tokens": 200,
                        "messages": [{"role": "user", "content": f"Describe {product}."}],
                    },
                }
                for sku, product in PRODUCTS.items()
            ]
        )
        print(f"{batch.id}: {len(PRODUCTS)} requests handed in")
        batch = finished(client, batch)
        for item in client.messages.batches.results(batch.id):
            print(f"{item.custom_id}: {item.result.type}")
    delivered = spanledger.flush()
    print("Recorded: see http://127.0.0.1:8501" if delivered else "The collector has not answered.")


if __name__ == "__main__":
    main()
