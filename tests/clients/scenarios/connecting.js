"use strict";

const assert = require("node:assert/strict");
const { ask, once } = require("../run");

module.exports = {
  async "the socket id is not the engine's sid"(run) {
    const socket = await run.connect();
    const [seen] = await ask(socket, "who");
    assert.equal(socket.id, seen.id);
    assert.equal(socket.id, seen.sid);
    assert.match(socket.id, /^[A-Za-z0-9_-]{20}$/);
    assert.match(socket.io.engine.id, /^[A-Za-z0-9_-]{20}$/);
    assert.notEqual(socket.id, socket.io.engine.id);
    assert.deepEqual([seen.namespace, seen.path], ["/", "/socket.io/"]);
  },

  async "the last transport of the row is reached"(run) {
    const socket = await run.settle(await run.connect());
    const last = run.rows[0].split(/[/+]/).at(-1);
    const [seen] = await ask(socket, "who");
    assert.equal(socket.io.engine.transport.name, last);
    assert.equal(seen.transport, last);
  },

  async "auth data reaches the server"(run) {
    const auth = { token: "π 😀", nested: [null, { a: 1.5 }] };
    const socket = await run.connect({ auth });
    assert.deepEqual((await ask(socket, "who"))[0].auth, auth);
  },

  async "a connect handler may send to a room it has just joined"(run) {
    const socket = run.open({ auth: { room: run.name } });
    assert.deepEqual(await once(socket, "greeting"), [run.name]);
    assert.ok(socket.connected);
  },

  async "a refusal carries its message and data, and a second try may succeed"(run) {
    const socket = run.open({ namespace: "/locked", auth: { key: "please" } });
    const [error] = await once(socket, "connect_error");
    assert.equal(error.message, "wrong key");
    assert.deepEqual(error.data, { got: { key: "please" } });
    assert.ok(!socket.connected);
    socket.auth = { key: "sesame" };
    socket.connect();
    await once(socket, "connect");
  },

  async "an unknown namespace is refused, the others go on"(run) {
    const root = await run.connect();
    const socket = run.open({ namespace: "/nowhere", manager: root.io });
    const [error] = await once(socket, "connect_error");
    assert.equal(error.message, "Invalid namespace");
    assert.deepEqual(await ask(root, "echo", 1), [1]);
  },

  async "two namespaces share one connection, and what is stored"(run) {
    const root = await run.connect();
    const chat = await run.connect({ namespace: "/chat", manager: root.io });
    assert.notEqual(root.id, chat.id);
    await ask(root, "put", "name", "Zoë");
    assert.deepEqual(await ask(chat, "get", "name"), [true, "Zoë"]);
    assert.deepEqual(
      await Promise.all([ask(root, "echo", "/"), ask(chat, "echo", "/chat")]),
      [["/"], ["/chat"]],
    );
  },

  async "a namespace is left and joined again on one connection"(run) {
    const root = await run.connect();
    const chat = await run.connect({ namespace: "/chat", manager: root.io });
    const { id } = chat;
    chat.disconnect();
    assert.equal(await run.get(`/reason/${id}`), "client namespace disconnect");
    chat.connect();
    await once(chat, "connect");
    assert.notEqual(chat.id, id);
    assert.deepEqual(await ask(chat, "echo", 1), [1]);
    assert.deepEqual(await ask(root, "echo", 2), [2]);
  },

  // The other side restarts the server in between.
  async "clients come back after a restart, with new ids"(run) {
    const sockets = await Promise.all(
      run.rows.map((row) => run.connect({ row, reconnection: true })),
    );
    const ids = sockets.map((socket) => socket.id);
    const left = sockets.map((socket) => once(socket, "disconnect"));
    const back = sockets.map((socket) => once(socket, "connect"));
    await run.ask("restart");
    const reasons = (await Promise.all(left)).map(([reason]) => reason);
    await Promise.all(back);
    for (const [at, socket] of sockets.entries()) {
      assert.notEqual(socket.id, ids[at]);
      assert.deepEqual(await ask(socket, "echo", at), [at]);
    }
    return { ids, reasons };
  },
};
