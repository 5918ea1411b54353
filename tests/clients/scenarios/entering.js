"use strict";

const assert = require("node:assert/strict");
const { ask, once } = require("../run");

// What a client hears of a refusal by message and data, or by a message alone.
const HEARD = {
  "message and data": (message, data) => (data ? { message, data } : { message }),
  data: (message, data) => ({ data: data ?? message }),
  reason: () => ({ reason: "unauthorized" }),
};

// Is refused with the wrong key, and let in with the right one.
async function tryKeys(run, namespace, message, data) {
  const { auth, refusal } = run.facts();
  const socket = run.open({ namespace, auth: { key: "please" } });
  assert.deepEqual(await socket.refused(), HEARD[refusal](message, data));
  assert.ok(!socket.connected || auth === "query of the connection");
  return run.connect({ namespace, auth: { key: "sesame" } });
}

module.exports = {
  async "a middleware lets in or refuses, with its message and data"(run) {
    const socket = await tryKeys(run, "/guarded", "wrong key", { got: { key: "please" } });
    assert.deepEqual(await ask(socket, "welcome"), ["to /guarded"]);
  },

  async "the authorization of a namespace lets in or refuses"(run) {
    await tryKeys(run, "/authorized", "unauthorized");
  },

  async "authorization refuses a whole connection"(run) {
    // A WebSocket that is refused after its 101, by a host that has sent that already, is no error
    // to clients 3.x and 4.x, which go on waiting to be connected.
    const socket = run.open({ query: { stranger: "yes" }, timeout: 1500 });
    const refusal = await socket.refused();
    if (run.facts().refusal === "reason") {
      assert.deepEqual(refusal, { reason: "handshake unauthorized" });
    }
    assert.ok(!socket.connected);
  },

  async "namespaces by a pattern come with their clients and go with them"(run) {
    const root = await run.connect();
    const name = `/room-${run.name.replace("-", "_")}-`;
    const [one, two] = await Promise.all(
      ["a", "b"].map((end) => run.connect({ namespace: name + end })),
    );
    assert.equal((await ask(one, "who"))[0].namespace, `${name}a`);
    const told = [one, two].map((socket) => once(socket, "told"));
    root.emit("to all rooms", "all");
    assert.deepEqual(await Promise.all(told), [["all"], ["all"]]);
    assert.deepEqual(await ask(root, "children", `${name}b`), [true]);
    two.connection.end();
    await run.until(async () => !(await ask(root, "children", `${name}b`))[0]);
    assert.deepEqual(await ask(root, "children", `${name}a`), [true]);
    const unknown = run.open({ namespace: "/room-", beside: root });
    await unknown.refused();
  },

  async "the handshake has what the client said when it came"(run) {
    const root = await run.connect({ query: { who: "zoë & co" } });
    const chat = await run.connect({ namespace: "/chat", beside: root });
    for (const socket of [root, chat]) {
      const [seen] = await ask(socket, "handshake");
      const agent = new URL(run.url).host;
      assert.deepEqual(seen, { who: "zoë & co", address: "127.0.0.1", agent });
    }
    if (run.facts().auth !== "query of the namespace") return;
    const own = await run.connect({ namespace: "/chat", auth: { who: "its own" } });
    assert.equal((await ask(own, "handshake"))[0].who, "its own");
  },
};
