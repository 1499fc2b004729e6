"""The arena over HTTP and WebSocket: an ASGI application without a framework.

Routes and shapes are those of the original (POST /reset {task_id}, POST /step {action}, GET /state, GET /tasks,
POST /grader, GET /health) and of an OpenEnv environment (https://github.com/meta-pytorch/OpenEnv, core/env_server:
reset and step answer {observation, reward, done}; a client that keeps a connection sends /ws messages {type, data}).
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any
from urllib.parse import parse_qs

from pydantic import ValidationError

from misrun.scenarios.arena.actions import Action, tools
from misrun.scenarios.arena.catalogue import TASKS, VARIANTS, UnknownTask, task
from misrun.scenarios.arena.episode import TURNS, Arena, Episode, EpisodeOver, NoEpisode, Step
from misrun.scenarios.arena.grader import grade
from misrun.scenarios.arena.naming import Claimed
from misrun.tools.sandbox.sandbox import NotConfinable

# A script of the tasks has 2 kB; a body with a script, an explanation and a diagnosis stays far below.
MOST_BYTES = 1_000_000
# Each confined run takes a core.
_AT_ONCE = 2

Message = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
Scope = MutableMapping[str, Any]


class _Refused(Exception):
    """A request that cannot be served: status and message for the client."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(message)
        self.status = status


class Application:
    """The ASGI application over one arena."""

    def __init__(self, arena: Arena) -> None:
        self._arena = arena
        self._running = asyncio.Semaphore(_AT_ONCE)
        self._routes: dict[tuple[str, str], Callable[[dict[str, Any]], Awaitable[dict[str, Any]]]] = {
            ("GET", "/health"): self._health,
            ("GET", "/tasks"): self._tasks,
            ("GET", "/tools"): self._tools,
            ("GET", "/schema"): self._schema,
            ("GET", "/metadata"): self._metadata,
            ("GET", "/state"): self._state,
            ("POST", "/reset"): self._reset,
            ("POST", "/step"): self._step,
            ("POST", "/grader"): self._grader,
        }

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            status, answer = await self._answered(scope, receive)
            await _send_json(send, status, answer)
        elif scope["type"] == "websocket" and scope["path"] == "/ws" and not _from_elsewhere(scope):
            await self._talk(receive, send)
        elif scope["type"] == "lifespan":
            await _live(receive, send)
        else:
            await send({"type": "websocket.close", "code": 1008})

    async def _answered(self, scope: Scope, receive: Receive) -> tuple[int, dict[str, Any]]:
        path, method = scope["path"].rstrip("/") or "/", scope["method"]
        route = self._routes.get((method, path))
        try:
            if _from_elsewhere(scope):
                raise _Refused(403, "requests from pages of other sites are not served")
            if route is None:
                known = any(path == other for _, other in self._routes)
                raise _Refused(405 if known else 404, f"{method} {path} is not served")
            query = {
                key: values[-1] for key, values in parse_qs(scope.get("query_string", b"").decode("latin-1")).items()
            }
            body = await _body(receive) if method == "POST" else {}
            return 200, await route({**query, **body})
        except _Refused as refused:
            return refused.status, {"error": str(refused)}
        except (UnknownTask, NoEpisode) as error:
            return 404, {"error": str(error)}
        except EpisodeOver as error:
            return 409, {"error": str(error), "episode_done": True}
        except ValidationError as error:
            return 422, {
                "error": "; ".join(f"{'.'.join(map(str, e['loc'])) or 'action'}: {e['msg']}" for e in error.errors())
            }
        except ValueError as error:
            return 422, {"error": str(error)}
        except NotConfinable as error:
            return 503, {"error": str(error)}

    async def _health(self, _: dict[str, Any]) -> dict[str, Any]:
        return {"status": "healthy", "tasks_available": len(TASKS), "tools_available": len(tools())}

    async def _tasks(self, _: dict[str, Any]) -> dict[str, Any]:
        listed = [
            {"id": t.id, "name": t.name, "difficulty": t.difficulty, "variants": VARIANTS} for t in TASKS.values()
        ]
        names = [tool["name"] for tool in tools()]
        return {
            "tasks": listed,
            "action_schema": Action.model_json_schema(),
            "tools": names,
            "max_turns_per_episode": TURNS,
        }

    async def _tools(self, _: dict[str, Any]) -> dict[str, Any]:
        return {"tools": tools(), "max_turns_per_episode": TURNS}

    async def _schema(self, _: dict[str, Any]) -> dict[str, Any]:
        anything = {"type": "object", "additionalProperties": True}
        return {"action": Action.model_json_schema(), "observation": anything, "state": anything}

    async def _metadata(self, _: dict[str, Any]) -> dict[str, Any]:
        return {"name": "misrun-arena", "description": "Debug a training script: ten turns, six tools, one submission."}

    async def _state(self, asked: dict[str, Any]) -> dict[str, Any]:
        return self._arena.episode(asked.get("episode_id")).state()

    async def _reset(self, asked: dict[str, Any]) -> dict[str, Any]:
        return _started(self._started(asked))

    def _started(self, asked: dict[str, Any]) -> Episode:
        """A new episode for `task_id` and, where given, `variant` or `seed`."""
        number = asked.get("variant", asked.get("seed"))
        if not (number is None or type(number) is int) or not isinstance(asked.get("episode_id", ""), str | None):
            raise _Refused(422, "variant and seed are whole numbers, episode_id is a text")
        return self._arena.reset(str(asked.get("task_id", next(iter(TASKS)))), number, asked.get("episode_id"))

    async def _step(self, asked: dict[str, Any]) -> dict[str, Any]:
        action = Action.model_validate(asked.get("action", asked))
        return _stepped(await self._in_thread(self._arena.step, action, asked.get("episode_id")))

    async def _grader(self, asked: dict[str, Any]) -> dict[str, Any]:
        """Grades a script outside of any episode."""
        code, variant = asked.get("code") or asked.get("fixed_code"), asked.get("variant", 0)
        if not isinstance(code, str) or type(variant) is not int or variant < 0:
            raise _Refused(422, "give task_id, code (the mended script) and, if not 0, variant")
        claimed = Claimed.model_validate({key: asked[key] for key in ("diagnosis", "explanation") if key in asked})
        found = await self._in_thread(grade, task(str(asked.get("task_id"))), variant, code, claimed)
        return {"task_id": found.task, "score": found.reward, "details": found.model_dump(exclude={"task", "reward"})}

    async def _in_thread(self, work: Callable[..., Any], *args: Any) -> Any:
        async with self._running:
            return await asyncio.to_thread(work, *args)

    async def _talk(self, receive: Receive, send: Send) -> None:
        """One connection, one episode at a time."""
        await receive()
        await send({"type": "websocket.accept"})
        episode: Episode | None = None
        while (message := await receive())["type"] == "websocket.receive":
            kind, data = _parsed(message)
            if kind == "close":
                await send({"type": "websocket.close", "code": 1000})
                return
            try:
                if kind == "reset":
                    episode = self._started(data)
                    answer = {"type": "observation", "data": _started(episode)}
                elif kind in {"step", "state"} and episode is None:
                    raise NoEpisode("no episode yet: reset")
                elif kind == "step" and episode is not None:
                    step = await self._in_thread(self._arena.step, Action.model_validate(data), episode.id)
                    answer = {"type": "observation", "data": _stepped(step)}
                elif kind == "state" and episode is not None:
                    answer = {"type": "state", "data": episode.state()}
                else:
                    answer = _ws_error("UNKNOWN_TYPE", "type is one of reset, step, state, close")
            except ValueError as error:
                answer = _ws_error("VALIDATION_ERROR", str(error))
            except (_Refused, NotConfinable) as error:
                answer = _ws_error("EXECUTION_ERROR", str(error))
            await send({"type": "websocket.send", "text": json.dumps(answer)})


def _from_elsewhere(scope: Scope) -> bool:
    """Whether a browser sends this for a page of another site, which must not reach a server on this machine."""
    headers = dict(scope.get("headers", ()))
    origin = headers.get(b"origin")
    return origin is not None and origin.partition(b"://")[2] != headers.get(b"host")


def _started(episode: Episode) -> dict[str, Any]:
    return {"observation": episode.first(), "reward": None, "done": False}


def _stepped(step: Step) -> dict[str, Any]:
    return {"observation": step.observation, "reward": step.reward, "done": step.done}


def _ws_error(code: str, message: str) -> dict[str, Any]:
    return {"type": "error", "data": {"code": code, "message": message}}


def _parsed(message: Message) -> tuple[str, dict[str, Any]]:
    """Type and data of a message; ("", {}) for one that cannot be read."""
    text = message.get("text") or ""
    try:
        found = json.loads(text) if len(text) <= MOST_BYTES else None
    except (ValueError, RecursionError):
        found = None
    data = found.get("data", {}) if isinstance(found, dict) else None
    return (str(found.get("type", "")), data) if isinstance(found, dict) and isinstance(data, dict) else ("", {})


async def _body(receive: Receive) -> dict[str, Any]:
    """The JSON object of a request; _Refused where it is none or too large."""
    kept = b""
    while True:
        message = await receive()
        kept += message.get("body", b"")
        if len(kept) > MOST_BYTES:
            raise _Refused(413, f"a body has at most {MOST_BYTES} bytes")
        if message["type"] == "http.disconnect" or not message.get("more_body"):
            break
    try:
        found = json.loads(kept or b"{}")
    except (ValueError, RecursionError) as error:
        raise _Refused(400, "the body is not JSON") from error
    if not isinstance(found, dict):
        raise _Refused(400, "the body is not a JSON object")
    return found


async def _send_json(send: Send, status: int, answer: dict[str, Any]) -> None:
    body = json.dumps(answer).encode()
    headers = [(b"content-type", b"application/json"), (b"content-length", str(len(body)).encode())]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})


async def _live(receive: Receive, send: Send) -> None:
    """Start and end of the server, at which there is nothing to do."""
    while (message := await receive())["type"] != "lifespan.shutdown":
        if message["type"] == "lifespan.startup":
            await send({"type": "lifespan.startup.complete"})
    await send({"type": "lifespan.shutdown.complete"})
