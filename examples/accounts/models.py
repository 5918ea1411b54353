"""What is kept: accounts, and tasks."""

from __future__ import annotations

from flask_login import UserMixin
from flask_sqlalchemy import SQLAlchemy
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column, relationship
from werkzeug.security import check_password_hash, generate_password_hash

MAX_NAME = 20  # characters
MAX_TEXT = 200


class Base(DeclarativeBase):
    pass


db = SQLAlchemy(model_class=Base)


class Account(db.Model, UserMixin):
    id: Mapped[int] = mapped_column(primary_key=True)
    name: Mapped[str] = mapped_column(db.String(MAX_NAME), unique=True)
    password: Mapped[str]

    def __init__(self, name: str, password: str) -> None:
        self.name = name
        self.password = generate_password_hash(password)

    def has_password(self, password: str) -> bool:
        return check_password_hash(self.password, password)


class Task(db.Model):
    id: Mapped[int] = mapped_column(primary_key=True)
    text: Mapped[str] = mapped_column(db.String(MAX_TEXT))
    done: Mapped[bool] = mapped_column(default=False)
    author_id: Mapped[int] = mapped_column(db.ForeignKey(Account.id))
    author: Mapped[Account] = relationship()

    def shown(self) -> dict[str, object]:
        """As the pages get it."""
        return {"id": self.id, "text": self.text, "done": self.done, "author": self.author.name}


def add_task(text: str, author: Account) -> Task:
    task = Task(text=text, author_id=author.id)
    db.session.add(task)
    db.session.commit()
    return task
