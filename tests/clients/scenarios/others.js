"use strict";

const assert = require("node:assert/strict");
const { ask, collect, once } = require("../run");

// What was sent before this has arrived after it.
const arrived = (sockets) => Promise.all(sockets.map((socket) => ask(socket, "echo")));

module.exports = {
  async "rooms reach those who are in them, but for who is left out"(run) {
    const [a, b, c] = await Promise.all([run.connect(), run.connect(), run.connect()]);
    const news = [a, b, c].map((socket) => collect(socket, "news"));
    await Promise.all([a, b].map((socket) => ask(socket, "join", run.name)));
    await ask(a, "to others in", run.name, 1);
    await ask(c, "to others in", run.name, 2);
    await ask(a, "to all in", run.name, 3);
    await ask(a, "to all in but", run.name, b.id, 4);
    await ask(a, "to others in", c.id, 5);
    await ask(b, "leave", run.name);
    await ask(c, "to others in", run.name, 6);
    await arrived([a, b, c]);
    assert.deepEqual(news, [[2, 3, 4, 6], [1, 2, 3], [5]]);
  },

  async "a view sends to a room"(run) {
    const [socket, other] = await Promise.all([run.connect(), run.connect()]);
    const told = collect(other, "told");
    await ask(socket, "join", run.name);
    const heard = once(socket, "told");
    assert.equal(await run.get(`/tell/${run.name}/news`), "sent");
    assert.deepEqual(await heard, ["news"]);
    await arrived([other]);
    assert.deepEqual(told, []);
  },

  async "a broadcast reaches clients of all rows, once each"(run) {
    const sockets = await Promise.all(run.rows.map((row) => run.connect({ row })));
    const news = sockets.map((socket) => collect(socket, "news"));
    await Promise.all(sockets.map((socket) => ask(socket, "join", run.name)));
    const expected = sockets.map(() => []);
    for (const [at, socket] of sockets.entries()) {
      await ask(socket, "to others in", run.name, `others ${at}`);
      await ask(socket, "to all in", run.name, `all ${at} 😀`);
      await ask(socket, "to others", `everywhere ${at}`);
      for (const [other, list] of expected.entries()) {
        if (other !== at) list.push(`others ${at}`);
        list.push(`all ${at} 😀`);
        if (other !== at) list.push(`everywhere ${at}`);
      }
    }
    await arrived(sockets);
    assert.deepEqual(news, expected);
  },

  async "a broadcast carries binary to clients of all rows"(run) {
    const sockets = await Promise.all(run.rows.map((row) => run.connect({ row })));
    await Promise.all(sockets.map((socket) => ask(socket, "join", run.name)));
    const heard = sockets.map((socket) => once(socket, "news"));
    sockets[0].emit("to all in", run.name, Buffer.from([1, 2]), { more: Buffer.from([3]) });
    for (const [first, second] of await Promise.all(heard)) {
      assert.deepEqual([...new Uint8Array(first)], [1, 2]);
      assert.deepEqual([...new Uint8Array(second.more)], [3]);
    }
  },
};
