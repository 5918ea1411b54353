"use strict";

const assert = require("node:assert/strict");
const { ask, once } = require("../run");

// Client 0.9 leaves without a word where it polls, unless nothing of its own is on the way.
const dropsPoll = (run) => run.rows[0] === "0.9/xhr-polling";

module.exports = {
  async "the client leaves"(run) {
    const socket = await run.connect();
    const { id } = socket;
    socket.disconnect();
    assert.equal(await run.reason(id), "client namespace disconnect");
  },

  async "the client closes its connection"(run) {
    const socket = await run.settle(await run.connect());
    const { id } = socket;
    await run.ready(socket);
    socket.connection.close();
    assert.equal(await run.reason(id), dropsPoll(run) ? "transport error" : "transport close");
  },

  async "what was sent just before leaving is handled"(run) {
    const [socket, other] = await Promise.all([run.connect(), run.connect()]);
    const { id } = socket;
    const news = once(other, "news");
    await run.ready(socket);
    socket.emit("to all in", other.id, "goodbye");
    socket.disconnect();
    assert.deepEqual(await news, ["goodbye"]);
    // Over polling client 0.9 says one thing at a time.
    const reason = dropsPoll(run) ? "transport error" : "client namespace disconnect";
    assert.equal(await run.reason(id), reason);
  },

  async "the server sends the client away"(run) {
    const socket = await run.connect();
    const { id } = socket;
    socket.emit("go away", true);
    assert.equal((await once(socket, "disconnect"))[0], run.facts().sentAway);
    assert.equal(await run.reason(id), "server namespace disconnect");
    await run.until(() => socket.connection.closed);
  },

  async "the server sends the client out of one namespace"(run) {
    const root = await run.connect();
    const chat = await run.connect({ namespace: "/chat", beside: root });
    const { id } = chat;
    chat.emit("go away", false);
    const [reason] = await once(chat, "disconnect");
    if (reason !== undefined) assert.equal(reason, run.facts().sentAway); // 0.9 says it of all or none
    assert.equal(await run.reason(id), "server namespace disconnect");
    assert.deepEqual(await ask(root, "echo", 1), [1]);
    chat.connect();
    await once(chat, "connect");
    assert.equal(chat.id !== id, run.facts().ids === "secret sid");
    assert.deepEqual(await ask(chat, "echo", 2), [2]);
  },

  async "a message that is too large ends its client, and no other"(run) {
    const [socket, other] = await Promise.all([run.connect(), run.connect()]);
    await Promise.all([run.settle(socket), run.settle(other)]);
    const { id } = socket;
    const websocket = socket.connection.transport === "websocket";
    socket.emit("echo", "x".repeat(1100000));
    const [reason] = await once(socket, "disconnect");
    // Over polling the POST is refused and the poll that waits is told: the client hears of either.
    const { gone } = run.facts();
    assert.ok((websocket ? gone.slice(0, 1) : gone).includes(reason ?? null), reason);
    assert.equal(await run.reason(id), "transport error");
    assert.deepEqual(await ask(other, "echo", 1), [1]);
  },

  // The other side stops the server in between.
  async "all rows learn that the server stops"(run) {
    const sockets = await Promise.all(run.rows.map((row) => run.connect({ row })));
    const ids = sockets.map((socket) => socket.id);
    const left = sockets.map((socket) => once(socket, "disconnect"));
    await run.ask("stop");
    const reasons = (await Promise.all(left)).map(([reason]) => reason);
    return { ids, reasons };
  },
};
