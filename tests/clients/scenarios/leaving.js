"use strict";

const assert = require("node:assert/strict");
const { ask, once } = require("../run");

module.exports = {
  async "the client leaves"(run) {
    const socket = await run.connect();
    const { id } = socket;
    socket.disconnect();
    assert.equal(await run.get(`/reason/${id}`), "client namespace disconnect");
  },

  async "the client closes its connection"(run) {
    const socket = await run.settle(await run.connect());
    const { id } = socket;
    socket.io.engine.close();
    assert.equal(await run.get(`/reason/${id}`), "transport close");
  },

  async "what was sent just before leaving is handled"(run) {
    const [socket, other] = await Promise.all([run.connect(), run.connect()]);
    const { id } = socket;
    const news = once(other, "news");
    socket.emit("to all in", other.id, "goodbye");
    socket.disconnect();
    assert.deepEqual(await news, ["goodbye"]);
    assert.equal(await run.get(`/reason/${id}`), "client namespace disconnect");
  },

  async "the server sends the client away"(run) {
    const socket = await run.connect();
    const { id } = socket;
    socket.emit("go away", true);
    assert.deepEqual((await once(socket, "disconnect"))[0], "io server disconnect");
    assert.equal(await run.get(`/reason/${id}`), "server namespace disconnect");
    await run.until(() => socket.io.engine.readyState === "closed");
  },

  async "the server sends the client out of one namespace"(run) {
    const root = await run.connect();
    const chat = await run.connect({ namespace: "/chat", manager: root.io });
    const { id } = chat;
    chat.emit("go away", false);
    assert.deepEqual((await once(chat, "disconnect"))[0], "io server disconnect");
    assert.equal(await run.get(`/reason/${id}`), "server namespace disconnect");
    assert.deepEqual(await ask(root, "echo", 1), [1]);
    chat.connect();
    await once(chat, "connect");
    assert.notEqual(chat.id, id);
    assert.deepEqual(await ask(chat, "echo", 2), [2]);
  },

  async "a message that is too large ends its client, and no other"(run) {
    const [socket, other] = await Promise.all([run.connect(), run.connect()]);
    await Promise.all([run.settle(socket), run.settle(other)]);
    const { id } = socket;
    const websocket = socket.io.engine.transport.name === "websocket";
    socket.emit("echo", "x".repeat(1100000));
    const [reason] = await once(socket, "disconnect");
    // Over polling the POST is refused and the poll that waits is told: the client hears of either.
    if (websocket) assert.equal(reason, "transport close");
    else assert.ok(["transport close", "transport error"].includes(reason), reason);
    assert.equal(await run.get(`/reason/${id}`), "transport error");
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
