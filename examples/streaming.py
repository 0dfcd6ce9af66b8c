"""A stream, read as it comes, and one that is left early.

Run it as `examples/quickstart.py`. Nothing about streams changes: the call is recorded when the
stream ends, with its time to first chunk. A stream that you leave before its end is recorded too,
marked as an estimate, because the API tells the final count only in the last events.
"""

from __future__ import annotations

import asyncio

import anthropic

import spanledger

QUESTION = "Tell a story of about a hundred words about a bookkeeper."


async def read_all(client: anthropic.AsyncAnthropic) -> None:
    """Print a story while it is written."""
    with spanledger.tags(team="docs", feature="streaming"):
        async with client.messages.stream(
            model="claude-sonnet-5-5",
            max_tokens=400,
            messages=[{"role": "user", "content": QUESTION}],
        ) as stream:
            async for text in stream.text_stream:
                print(text, end="", flush=True)
            message = await stream.get_final_message()
    print(f"\n\nRead to the end: {message.usage.output_tokens} tokens out, exactly priced.")


async def leave_early(client: anthropic.AsyncAnthropic) -> None:
    """Stop reading at the first words."""
    with spanledger.tags(team="docs", feature="streaming"):
        stream = await client.messages.create(
            model="claude-sonnet-5-5",
            max_tokens=400,
            messages=[{"role": "user", "content": QUESTION}],
            stream=True,
        )
        async with stream:
            async for event in stream:
                if event.type == "content_block_delta":
                    break
    print("Left early: recorded as an estimate.")


async def main() -> None:
    """Do both."""
    spanledger.instrument()
    async with anthropic.AsyncAnthropic() as client:
        await read_all(client)
        await leave_early(client)
    if await asyncio.to_thread(spanledger.flush):
        print("Recorded: see 'Latest calls' at http://127.0.0.1:8501")
    else:
        print("The collector has not answered. Is `spanledger up` running?")


if __name__ == "__main__":
    asyncio.run(main())
