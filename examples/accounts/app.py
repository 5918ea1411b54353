"""A list of tasks that several people keep together, each with an account. Start it::

    python examples/accounts/app.py           # HOST, PORT and DATABASE say where

It is written as an application for Flask-SocketIO is; what it imports from ``flask_realtime`` was
``from flask_socketio import …`` there. Accounts are Flask-Login's, tasks are kept by
Flask-SQLAlchemy, and the handlers stand in a class, in ``board.py``.
"""

# Before all other imports: what waits for the database waits for itself alone.
from gevent import monkey

monkey.patch_all()

import os
import secrets

from board import Board, io
from flask import Flask, Response, abort, flash, redirect, render_template, request, url_for
from flask_login import LoginManager, current_user, login_required, login_user, logout_user
from models import MAX_NAME, MAX_TEXT, Account, Task, add_task, db
from werkzeug.wrappers import Response as AnyResponse

MIN_PASSWORD = 8

login = LoginManager()
login.login_view = "enter"
login.login_message = "Log in to see the list."


@login.user_loader
def load(id: str) -> Account | None:
    return db.session.get(Account, int(id))


def create_app(database: str) -> Flask:
    """Make the application.

    :param database: its file.
    """
    app = Flask(__name__)
    # Who restarts it without a key of his own has to log in again.
    app.secret_key = os.environ.get("SECRET_KEY") or secrets.token_hex()
    app.config["SESSION_COOKIE_SAMESITE"] = "Lax"  # other sites cannot post in somebody's name
    app.config["SQLALCHEMY_DATABASE_URI"] = f"sqlite:///{os.path.abspath(database)}"
    db.init_app(app)
    login.init_app(app)
    io.init_app(app)
    with app.app_context():
        db.create_all()
    app.add_url_rule("/", view_func=index)
    app.add_url_rule("/enter", view_func=enter, methods=["GET", "POST"])
    app.add_url_rule("/leave", view_func=leave, methods=["POST"])
    app.add_url_rule("/tasks", view_func=post_task, methods=["POST"])
    app.after_request(secure)
    return app


@login_required
def index() -> str:
    return render_template("index.html", max_text=MAX_TEXT)


def enter() -> str | AnyResponse:
    """Log in, or make an account."""
    if request.method == "GET":
        return render_template("enter.html", max_name=MAX_NAME, min_password=MIN_PASSWORD)
    name, password = request.form["name"].strip(), request.form["password"]
    account = db.session.scalar(db.select(Account).filter_by(name=name))
    if "new" in request.form:
        if account is not None:
            return refuse("This name is taken.")
        if not 0 < len(name) <= MAX_NAME or len(password) < MIN_PASSWORD:
            return refuse(f"A password has at least {MIN_PASSWORD} characters, a name at least 1.")
        account = Account(name, password)
        db.session.add(account)
        db.session.commit()
    elif account is None or not account.has_password(password):
        return refuse("Name and password do not belong together.")
    login_user(account)
    return redirect(url_for("index"))


def refuse(why: str) -> AnyResponse:
    flash(why)
    return redirect(url_for("enter"))


@login_required
def leave() -> AnyResponse:
    """Log out. The connections of the account end, too, in all windows."""
    account = current_user.id
    logout_user()
    Board.send_away(account)
    return redirect(url_for("enter"))


@login_required
def post_task() -> tuple[dict[str, object], int]:
    """Add a task by HTTP; everyone who looks at the list sees it at once."""
    text = request.get_json().get("text")
    if not isinstance(text, str) or not 0 < len(text.strip()) <= MAX_TEXT:
        abort(400)
    task: Task = add_task(text.strip(), current_user)
    io.emit("task", task.shown(), namespace="/board")
    return task.shown(), 201


def secure(response: Response) -> Response:
    """Even if some text got into the page as HTML one day, nothing in it would run."""
    response.headers["Content-Security-Policy"] = (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; "
        # Older Safaris do not count WebSockets to 'self'.
        f"connect-src 'self' ws://{request.host} wss://{request.host}; "
        "base-uri 'none'; form-action 'self'; frame-ancestors 'none'"
    )
    return response


if __name__ == "__main__":
    host, port = os.environ.get("HOST", "127.0.0.1"), int(os.environ.get("PORT", "5000"))
    io.run(create_app(os.environ.get("DATABASE", "accounts.db")), host, port)
