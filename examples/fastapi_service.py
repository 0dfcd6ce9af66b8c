"""A web service that says, request by request, who caused which call.

    pip install fastapi uvicorn
    OTEL_SERVICE_NAME=summaries python examples/fastapi_service.py
    curl -X POST 127.0.0.1:8000/summaries -H 'x-team: search' -H 'x-user: dana' \
         -H 'content-type: application/json' -d '{"text": "A long text."}'

Then group the Cost explorer by service, team or user.
"""

from __future__ import annotations

import os
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Annotated

import anthropic
import uvicorn
from fastapi import Depends, FastAPI, Header
from pydantic import BaseModel

import spanledger


@asynccontextmanager
async def lifespan(app: FastAPI) -> AsyncIterator[None]:
    """Instrument the process while the service runs."""
    spanledger.instrument()
    async with anthropic.AsyncAnthropic() as client:
        app.state.client = client
        yield
    spanledger.uninstrument()  # delivers what is still to be sent


async def attributed(
    x_team: Annotated[str | None, Header()] = None, x_user: Annotated[str | None, Header()] = None
) -> AsyncIterator[None]:
    """Tag every call of this request; a real service would take both from its login."""
    with spanledger.tags(team=x_team, user=x_user):
        yield


app = FastAPI(lifespan=lifespan, dependencies=[Depends(attributed)])


class Text(BaseModel):
    """What is to be summarised."""

    text: str


@app.post("/summaries")
@spanledger.tags(feature="summaries")
async def summarise(body: Text) -> dict[str, str]:
    """Summarise a text."""
    client: anthropic.AsyncAnthropic = app.state.client
    message = await client.messages.create(
        model="claude-haiku-5-5",
        max_tokens=300,
        messages=[{"role": "user", "content": f"Summarise: {body.text}"}],
    )
    summary = "".join(block.text for block in message.content if block.type == "text")
    return {"summary": summary, "message_id": message.id}


if __name__ == "__main__":
    print("Costs by service, team and user: http://127.0.0.1:8501", flush=True)
    uvicorn.run(app, port=int(os.environ.get("PORT", "8000")))
