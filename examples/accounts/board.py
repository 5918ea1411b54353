"""The handlers: one class for the namespace of the list."""

from __future__ import annotations

from typing import Any

from flask import current_app, request
from flask_login import current_user
from models import MAX_TEXT, Task, add_task, db

from flask_realtime import ConnectionRefusedError, Namespace, SocketIO, emit, join_room

io = SocketIO()


class Mistake(Exception):
    """What a client has done wrong; the message is for who sits there."""


class Board(Namespace):
    """Who looks at the list, and what they do to it. Only who is logged in gets in."""

    name = "/board"

    def on_connect(self) -> None:
        if not current_user.is_authenticated:
            raise ConnectionRefusedError("Log in first.")
        join_room(room_of(current_user.id))
        emit("tasks", [task.shown() for task in db.session.scalars(db.select(Task))])
        self.tell_who_is_here(request.sid, current_user.name)

    def on_disconnect(self, reason: str) -> None:
        here = self.names()
        here.pop(request.sid, None)
        self.emit("people", sorted(set(here.values())))

    def on_add(self, text: Any) -> dict[str, Any]:
        if not isinstance(text, str) or not 0 < len(text.strip()) <= MAX_TEXT:
            raise Mistake(f"A task has 1 to {MAX_TEXT} characters.")
        task = add_task(text.strip(), current_user)
        emit("task", task.shown(), broadcast=True)
        return task.shown()

    def on_done(self, id: Any, done: Any) -> None:
        task = find(id)
        task.done = bool(done)
        db.session.commit()
        emit("task", task.shown(), broadcast=True)

    def on_remove(self, id: Any) -> None:
        task = find(id)
        if task.author_id != current_user.id:
            raise Mistake(f"Only {task.author.name} can remove this.")
        db.session.delete(task)
        db.session.commit()
        emit("removed", task.id, broadcast=True)

    # Who is here

    def tell_who_is_here(self, sid: str, name: str) -> None:
        self.save_session(sid, {"name": name})
        self.emit("people", sorted(set(self.names().values())))

    def names(self) -> dict[str, str]:
        """The names of those who are here, by the ids of their sockets."""
        there = io.server.manager.get_participants(self.namespace, None)
        kept = {sid: self.get_session(sid).get("name") for sid, _ in there}
        return {sid: name for sid, name in kept.items() if name}

    @staticmethod
    def send_away(account: int) -> None:
        """End the connections of an account, which may have several windows."""
        there = io.server.manager.get_participants(Board.name, room_of(account))
        for sid, _ in list(there):
            io.server.disconnect(sid, namespace=Board.name)


def room_of(account: int) -> str:
    """The room of all windows of an account."""
    return f"account:{account}"


def find(id: Any) -> Task:
    task = db.session.get(Task, id) if isinstance(id, int) else None
    if task is None:
        raise Mistake("This task is not there any more.")
    return task


@io.on_error_default
def failed(error: Exception) -> dict[str, str]:
    """What this returns is the acknowledgement of a handler that failed."""
    if isinstance(error, Mistake):
        return {"error": str(error)}
    current_app.logger.exception("%r failed", request.event["message"])
    return {"error": "Something went wrong here."}


io.on_namespace(Board(Board.name))
