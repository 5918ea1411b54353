"use strict";

const assert = require("node:assert/strict");
const { ask, once } = require("../run");

// What a client hears of ConnectionRefusedError("wrong key", {…}).
const REFUSALS = {
  "message and data": (data) => ({ message: "wrong key", data }),
  data: (data) => ({ data }),
  reason: () => ({ reason: "unauthorized" }),
};
const UNKNOWN = {
  "message and data": { message: "Invalid namespace" },
  data: { data: "Invalid namespace" },
  reason: { reason: "unauthorized" },
};

module.exports = {
  async "both sides know the socket by the same id"(run) {
    const socket = await run.connect();
    const chat = await run.connect({ namespace: "/chat", beside: socket });
    const [seen] = await ask(socket, "who");
    const [seenInChat] = await ask(chat, "who");
    assert.deepEqual([seen.id, seen.sid, seenInChat.id], [socket.id, socket.id, chat.id]);
    assert.deepEqual([seen.namespace, seenInChat.namespace], ["/", "/chat"]);
    for (const id of [socket.id, socket.connection.sid]) assert.match(id, /^[A-Za-z0-9_-]{20}$/);
    assert.equal(socket.id === socket.connection.sid, run.facts().ids !== "secret sid");
  },

  async "handlers can tell who speaks what"(run) {
    const [seen] = await ask(await run.connect(), "who");
    const { protocol, path } = run.facts();
    assert.deepEqual([seen.protocol, seen.path], [protocol, `/socket.io${path}`]);
  },

  async "the last transport of the row is reached"(run) {
    const socket = await run.settle(await run.connect());
    const last = run.rows[0].split(/[/+]|xhr-/).at(-1);
    const [seen] = await ask(socket, "who");
    assert.equal(socket.connection.transport, last);
    assert.equal(seen.transport, last);
  },

  async "auth data reaches the server"(run) {
    const auth = { token: "π 😀&=+" };
    if (run.facts().auth === "connect packet") auth.nested = [null, { a: 1.5 }];
    for (const namespace of ["/", "/chat"]) {
      const socket = await run.connect({ namespace, auth });
      assert.deepEqual((await ask(socket, "who"))[0].auth, auth);
    }
  },

  async "a connect handler may send to a room it has just joined"(run) {
    const socket = run.open({ auth: { room: run.name } });
    assert.deepEqual(await once(socket, "greeting"), [run.name]);
    assert.ok(socket.connected);
  },

  async "a refusal carries its message and data, and a second try may succeed"(run) {
    const { auth, refusal } = run.facts();
    const socket = run.open({ namespace: "/locked", auth: { key: "please" } });
    assert.deepEqual(await socket.refused(), REFUSALS[refusal]({ got: { key: "please" } }));
    if (auth === "query of the connection") {
      await run.connect({ namespace: "/locked", auth: { key: "sesame" } });
      return;
    }
    assert.ok(!socket.connected);
    socket.connect({ key: "sesame" });
    await once(socket, "connect");
  },

  async "an unknown namespace is refused, the others go on"(run) {
    const root = await run.connect();
    const socket = run.open({ namespace: "/nowhere", beside: root });
    assert.deepEqual(await socket.refused(), UNKNOWN[run.facts().refusal]);
    assert.deepEqual(await ask(root, "echo", 1), [1]);
  },

  async "two namespaces share one connection, and what is stored"(run) {
    const root = await run.connect();
    const chat = await run.connect({ namespace: "/chat", beside: root });
    await ask(root, "put", "name", "Zoë");
    assert.deepEqual(await ask(chat, "get", "name"), [true, "Zoë"]);
    assert.deepEqual(
      await Promise.all([ask(root, "echo", "/"), ask(chat, "echo", "/chat")]),
      [["/"], ["/chat"]],
    );
  },

  async "a namespace is left and joined again on one connection"(run) {
    const root = await run.connect();
    const chat = await run.connect({ namespace: "/chat", beside: root });
    const { id } = chat;
    chat.disconnect();
    assert.equal(await run.reason(id), "client namespace disconnect");
    chat.connect();
    await once(chat, "connect");
    assert.equal(chat.id !== id, run.facts().ids === "secret sid");
    assert.deepEqual(await ask(chat, "echo", 1), [1]);
    assert.deepEqual(await ask(root, "echo", 2), [2]);
  },

  // The other side restarts the server in between.
  async "clients come back after a restart, with new ids"(run) {
    const sockets = await Promise.all(
      run.rows.map((row) => run.connect({ row, reconnects: true })),
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
