"""The server, spoken to as a client that knows nothing of misrun would."""

import asyncio
import json
from typing import Any

import httpx
import pytest

from misrun.scenarios.arena.episode import Arena
from misrun.scenarios.arena.server import MOST_BYTES, Application
from misrun.tools.sandbox.sandbox import unavailable


class Client:
    """Speaks HTTP to an application in this process."""

    def __init__(self) -> None:
        self._app = Application(Arena())

    def ask(self, method: str, path: str, **more: Any) -> httpx.Response:
        async def asked() -> httpx.Response:
            transport = httpx.ASGITransport(self._app)  # type: ignore[arg-type]
            async with httpx.AsyncClient(transport=transport, base_url="http://arena") as client:
                return await client.request(method, path, **more)

        return asyncio.run(asked())


@pytest.fixture
def client() -> Client:
    return Client()


DIFF = {"action_type": "inspect_diff", "proposed_code": "x = 1\n"}


def test_tasks_health_and_tools(client: Client) -> None:
    assert [t["id"] for t in client.ask("GET", "/tasks").json()["tasks"]] == [f"task{n}" for n in range(1, 7)]
    assert client.ask("GET", "/tasks").json()["max_turns_per_episode"] == 10
    assert client.ask("GET", "/health").json()["status"] == "healthy"
    assert len(client.ask("GET", "/tools").json()["tools"]) == 6
    assert "action_type" in client.ask("GET", "/schema").json()["action"]["properties"]


def test_an_episode_by_reset_step_and_state(client: Client) -> None:
    started = client.ask("POST", "/reset", json={"task_id": "task2", "variant": 3}).json()
    assert (started["reward"], started["done"]) == (None, False)
    assert "torch.sigmoid" in started["observation"]["buggy_code"]
    stepped = client.ask("POST", "/step", json={"action": DIFF}).json()
    assert set(stepped) == {"observation", "reward", "done"}
    assert stepped["observation"]["turn"] == 1
    state = client.ask("GET", "/state").json()
    assert (state["task_id"], state["turn"], state["step_count"]) == ("task2", 1, 1)
    assert state["episode_id"] == started["observation"]["episode_id"]


def test_two_clients_name_their_episodes(client: Client) -> None:
    ids = [
        client.ask("POST", "/reset", json={"task_id": t, "seed": 4}).json()["observation"]["episode_id"]
        for t in ("task1", "task5")
    ]
    client.ask("POST", "/step", json={"action": {**DIFF, "episode_id": ids[0]}})
    client.ask("POST", "/step", json={"action": DIFF, "episode_id": ids[0]})
    assert client.ask("GET", f"/state?episode_id={ids[0]}").json()["turn"] == 2
    assert client.ask("GET", f"/state?episode_id={ids[1]}").json()["turn"] == 0


def test_what_cannot_be_served_is_told_by_who_can_act(client: Client) -> None:
    cases = (
        ("GET", "/nowhere", {}, 404), ("GET", "/reset", {}, 405), ("POST", "/reset", {"json": {"task_id": "task99"}}, 404),
        ("POST", "/step", {"json": {"action": DIFF}}, 404), ("GET", "/state", {}, 404), ("POST", "/reset", {"content": b"{"}, 400),
        ("POST", "/reset", {"content": b"[1]"}, 400), ("POST", "/reset", {"json": {"variant": "x"}}, 422),
        ("POST", "/reset", {"json": {"episode_id": "../x"}}, 422), ("POST", "/grader", {"json": {"task_id": "task1"}}, 422),
        ("POST", "/step", {"json": {"action": {"action_type": "shell"}}}, 422), ("POST", "/step", {"json": {"action": 3}}, 422),
    )  # fmt: skip
    for method, path, more, status in cases:
        answer = client.ask(method, path, **more)
        assert (answer.status_code, "error" in answer.json()) == (status, True), (method, path, more)


def test_a_page_of_another_site_is_not_served(client: Client) -> None:
    elsewhere = client.ask("POST", "/reset", json={}, headers={"origin": "http://evil.example"})
    assert elsewhere.status_code == 403
    assert client.ask("POST", "/reset", json={}, headers={"origin": "http://arena"}).status_code == 200


def test_a_body_is_bounded(client: Client) -> None:
    body = json.dumps({"task_id": "task1", "more": "x" * MOST_BYTES})
    assert client.ask("POST", "/reset", content=body).status_code == 413


def test_a_finished_episode_says_so(client: Client) -> None:
    client.ask("POST", "/reset", json={"task_id": "task1"})
    for _ in range(10):
        last = client.ask("POST", "/step", json={"action": DIFF})
    assert last.json()["done"] is True
    over = client.ask("POST", "/step", json={"action": DIFF})
    assert (over.status_code, over.json()["episode_done"]) == (409, True)


@pytest.mark.skipif(unavailable() is not None, reason=str(unavailable()))
def test_the_grader_alone(client: Client) -> None:
    graded = client.ask(
        "POST", "/grader", json={"task_id": "task1", "code": "print(1)", "explanation": "lr too high"}
    ).json()
    assert graded["score"] < 0.15
    assert graded["details"]["named"]["explained"]["learning_rate"] is True


def talked(*messages: object) -> list[dict[str, Any]]:
    """What the application sends over a WebSocket for these messages (dicts, or texts as they are)."""
    sent: list[dict[str, Any]] = []
    texts = [message if isinstance(message, str) else json.dumps(message) for message in messages]
    incoming = [
        {"type": "websocket.connect"},
        *({"type": "websocket.receive", "text": text} for text in texts),
        {"type": "websocket.disconnect"},
    ]

    async def receive() -> dict[str, Any]:
        return incoming.pop(0)

    async def send(message: Any) -> None:
        sent.append(message)

    asyncio.run(Application(Arena())({"type": "websocket", "path": "/ws"}, receive, send))  # type: ignore[arg-type]
    return [json.loads(message["text"]) for message in sent if message["type"] == "websocket.send"]


def test_an_openenv_client_keeps_a_connection() -> None:
    answers = talked({"type": "state"}, {"type": "reset", "data": {"task_id": "task6", "seed": 1}}, {"type": "step", "data": DIFF},
                     {"type": "state"}, {"type": "dance"}, "{", {"type": "step", "data": {"action_type": "shell"}}, {"type": "close"},
                     {"type": "state"})  # fmt: skip
    assert [answer["type"] for answer in answers] == [
        "error",
        "observation",
        "observation",
        "state",
        "error",
        "error",
        "error",
    ]
    assert answers[1]["data"]["observation"]["task_id"] == "task6"
    assert set(answers[2]["data"]) == {"observation", "reward", "done"}
    assert answers[3]["data"]["step_count"] == 1


@pytest.mark.enable_socket
def test_it_serves_over_loopback() -> None:
    """One exchange over HTTP and one over WebSocket through the real server."""
    import uvicorn
    from websockets.asyncio.client import connect

    async def served() -> tuple[dict[str, Any], dict[str, Any]]:
        server = uvicorn.Server(uvicorn.Config(Application(Arena()), host="127.0.0.1", port=0, log_level="error"))
        running = asyncio.create_task(server.serve())
        while not server.started:
            await asyncio.sleep(0)
        port = server.servers[0].sockets[0].getsockname()[1]
        async with httpx.AsyncClient(trust_env=False) as client:
            over_http = (await client.get(f"http://127.0.0.1:{port}/health")).json()
        async with connect(f"ws://127.0.0.1:{port}/ws", proxy=None) as socket:
            await socket.send(json.dumps({"type": "reset", "data": {"task_id": "task3"}}))
            over_ws = json.loads(await socket.recv())
        server.should_exit = True
        await running
        return over_http, over_ws

    health, answer = asyncio.run(served())
    assert health["status"] == "healthy"
    assert answer["data"]["observation"]["task_id"] == "task3"
