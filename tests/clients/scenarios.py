"""What the Node program can play (``scenarios/*.js``), by the kind of test that plays it."""

from __future__ import annotations

CORE = (
    "an answer carries any number of arguments",
    "binary arrives, several attachments at a time",
    "binary is sent, several attachments at a time",
    "two namespaces share one connection, and what is stored",
    "an upgrade under load loses nothing and keeps the order",
    "the client leaves",
    "the server sends the client away",
)
"""What every client can do under every host, but for what its generation lacks."""
SCENARIOS = (
    *CORE,
    "both sides know the socket by the same id",
    "handlers can tell who speaks what",
    "the last transport of the row is reached",
    "auth data reaches the server",
    "a connect handler may send to a room it has just joined",
    "a refusal carries its message and data, and a second try may succeed",
    "an unknown namespace is refused, the others go on",
    "a middleware lets in or refuses, with its message and data",
    "the authorization of a namespace lets in or refuses",
    "authorization refuses a whole connection",
    "namespaces by a pattern come with their clients and go with them",
    "the handshake has what the client said when it came",
    "a namespace is left and joined again on one connection",
    "answers come in the order of the questions",
    "text of all planes is unchanged",
    "messages of 100 KiB are unchanged",
    "binary of 100 KiB is unchanged",
    "binary and text keep their order",
    "the server asks by a callback",
    "the server asks by a callback, and gets binary",
    "the server asks and waits",
    "a handler that raises is an answer, and not the end",
    "a handler that waits delays its own client only",
    "values are stored for the session",
    "a listener of one socket is called once, or until it is taken off",
    "a listener answers in each of its ways",
    "an event that nobody handles goes to the handler of any",
    "listeners for any event see what comes and what is sent",
    "a middleware refuses an event",
    "rooms reach those who are in them, but for who is left out",
    "a view sends to a room",
    "messages between two polls are kept",
    "volatile messages are lost rather than kept, others are not",
    "10,000 events at once are all handled, in order",
    "10,000 events at once all arrive, in order",
    "the client closes its connection",
    "what was sent just before leaving is handled",
    "the server sends the client out of one namespace",
    "a message that is too large ends its client, and no other",
)
"""Each with clients of one row."""
TOGETHER = (
    "a broadcast reaches clients of all rows, once each",
    "a broadcast carries binary to clients of all rows",
    "heartbeats keep clients of all rows connected",
)
"""With clients of all rows at once."""
STOPPING = (
    "clients come back after a restart, with new ids",
    "all rows learn that the server stops",
)
"""Played by test_stopping.py."""
DEFAULTS = ("clients without any options share a room",)
"""Played by test_defaults.py."""
