"""A frontend with a notebook whose cells Beaker may change, over the comm `beaker`."""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any
from uuid import uuid4

from tests.support.kernels import is_idle

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.kernels import Client, Message

Cell = dict[str, Any]


def digest(source: str) -> str:
    return sha256(source.encode()).hexdigest()


class NotebookFrontend:
    """One page: its cells, and the comm over which they are changed.

    Attributes:
        cells: the notebook, in Jupyter's format.
        ops: the changes that were asked for, in order.
        offered: differences that the person has before them, by cell id.
        answers: whether the page answers at all.
        started: the id of the request by which the last cell was run for Beaker.
        metadata: the notebook's.
        decides: the person's word on code that waits for it.
        meanwhile: called before each change is looked at: what the person does at that moment.

    """

    def __init__(self, client: Client, *, capabilities: tuple[str, ...] = ("cells",)) -> None:
        self.client = client
        self._can = [word for word in capabilities if word == "approval"]
        self.cells: list[Cell] = []
        self.ops: list[Message] = []
        self.metadata: Message = {}
        self.offered: dict[str, str | None] = {}
        self.meanwhile: Callable[[], object] = lambda: None
        self.decides: Message = {"decision": "reject"}
        self.answers = True
        self.started = ""
        self._others: list[Message] = []
        self.comm_id = uuid4().hex
        can = {"beaker": {"capabilities": [*capabilities]}}
        opened = {"comm_id": self.comm_id, "target_name": "beaker", "data": can}
        client.outputs(client.send("comm_open", opened))

    def add(self, source: str, kind: str = "code") -> Cell:
        """Write a cell."""
        cell = {
            "id": f"cell-{len(self.cells)}",
            "cell_type": kind,
            "source": source,
            "metadata": {},
            "execution_count": None,
            "outputs": [],
        }
        self.cells.append(cell)
        return cell

    def run(self, cell: Cell) -> Message:
        """Run a cell as the person does."""
        reply, outputs = self.client.run(cell["source"], metadata={"cellId": cell["id"]})
        cell["execution_count"] = reply["execution_count"]
        cell["outputs"] = [
            {"output_type": output["msg_type"], **output["content"]}
            for output in outputs
            if output["msg_type"] != "execute_input"
        ]
        return reply

    def ask(self, question: str) -> tuple[Message, list[Message]]:
        """Ask by llm_request; return the reply and what was published for it."""
        can = {"beaker": {"capabilities": self._can}}
        return self._serve(self.client.send("llm_request", {"request": question}, metadata=can))

    def ask_in_cell(self, code: str, cell_id: str, **more: Any) -> tuple[Message, list[Message]]:
        """Ask by a cell of the notebook."""
        return self._serve(self.client.execute(code, metadata={"cellId": cell_id}, **more))

    def _serve(self, asked: str) -> tuple[Message, list[Message]]:
        """Do what Beaker asks of the page until the question is answered."""
        published: list[Message] = []
        while True:
            message = self.client.published(lambda _: True)
            if message["parent_header"].get("msg_id") != asked:
                self._others.append(message)
                continue
            if is_idle(message):
                return self.client.reply(asked)["content"], published
            published.append(message)
            self._keep(message["msg_type"], message["content"])
            if message["msg_type"] == "approval_request":
                self._decide(message["content"])
            if message["msg_type"] == "comm_msg" and self.answers:
                self._answer(message["content"]["data"])

    def output(self) -> list[Message]:
        """Return what the cell has put out that was run for Beaker."""
        ours = [m for m in self._others if m["parent_header"].get("msg_id") == self.started]
        return ours if any(map(is_idle, ours)) else ours + self.client.outputs(self.started)

    def _answer(self, data: Message) -> None:
        if data["type"] == "notebook_state_request":
            state = {"cells": self.cells, "metadata": self.metadata}
            self._send("notebook_state_response", state, data["id"])
        elif data["type"] == "cell_op":
            self.ops.append(data["content"])
            self.meanwhile()
            self._send("cell_ack", self._apply(**data["content"]), data["id"])
        else:
            self._keep(data["type"], data["content"])

    def _decide(self, asked: Message) -> None:
        about = {"approval_id": asked["approval_id"], "sha256": asked["sha256"]}
        self.client.send("approve_request", about | self.decides)

    def _keep(self, msg_type: str, content: Message) -> None:
        if msg_type == "set_chat_history":
            self.metadata["beaker"] = {"conversation": content}

    def _send(self, msg_type: str, content: Message, exchange: str) -> None:
        data = {"type": msg_type, "content": content, "id": exchange}
        self.client.send("comm_msg", {"comm_id": self.comm_id, "data": data})

    def _apply(
        self,
        op: str,
        cell_id: str,
        expected_sha256: str,
        source: str | None = None,
        after: str | None = None,
        beaker: Message | None = None,
    ) -> Message:
        if op == "insert":
            return self._insert(cell_id, source or "", beaker or {})
        cell = next((cell for cell in self.cells if cell["id"] == cell_id), None)
        if cell is None:
            return _ack(False, cell_id, "", reason="it is gone")
        if digest(cell["source"]) != expected_sha256:
            return _ack(False, cell_id, cell["source"])
        match op:
            case "replace":
                cell["source"] = source
            case "delete":
                self.cells.remove(cell)
            case "move":
                self.cells.remove(cell)
                self.cells.insert(self._place(after or ""), cell)
            case "diff":
                self.offered[cell_id] = source
            case "run":
                self.started = self.client.execute(cell["source"], metadata={"cellId": cell_id})
        if op != "diff":
            cell["metadata"].setdefault("beaker", {}).update(beaker or {})
        return _ack(True, cell_id, cell["source"])

    def _insert(self, below: str, source: str, beaker: Message) -> Message:
        cell = self.add(source)
        cell["metadata"] = {"beaker": beaker}
        self.cells.remove(cell)
        self.cells.insert(self._place(below) if below else len(self.cells), cell)
        return _ack(True, cell["id"], source)

    def _place(self, below: str) -> int:
        """Return where a cell below another one stands."""
        ids = [cell["id"] for cell in self.cells]
        return ids.index(below) + 1 if below in ids else 0


def _ack(ok: bool, cell_id: str, source: str, **more: str) -> Message:
    return {"ok": ok, "cell_id": cell_id, "sha256": digest(source), **more}
