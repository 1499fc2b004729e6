"""Server-sent events (HTML Living Standard, 9.2)."""

import json
from collections.abc import AsyncIterator, Mapping

from starlette.responses import StreamingResponse

# A person does not notice a tenth of a second.
POLL_SECONDS = 0.1


def event(kind: str, data: Mapping[str, object]) -> str:
    """One event. JSON holds no line feed, so that the data is one line."""
    return f"event: {kind}\ndata: {json.dumps(data)}\n\n"


def stream(events: AsyncIterator[str]) -> StreamingResponse:
    return StreamingResponse(events, media_type="text/event-stream", headers={"X-Accel-Buffering": "no"})
