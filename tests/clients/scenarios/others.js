"use strict";

const assert = require("node:assert/strict");
const { ask, buffer, bytes, collect, once } = require("../run");

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

  // The rows are generations without transports; the first one can send binary.
  async "clients without any options share a room"(run) {
    const sockets = await Promise.all(run.rows.map((row) => run.connect({ row })));
    const news = sockets.map((socket) => collect(socket, "news"));
    const said = (at) => ["é €😀 \u2028", { from: run.rows[at] }];
    for (const [at, socket] of sockets.entries()) {
      assert.deepEqual(await ask(socket, "echo", ...said(at)), said(at));
      await ask(socket, "join", run.name);
    }
    for (const [at, socket] of sockets.entries()) {
      const { sendsBinary } = run.facts(run.rows[at]);
      const sent = sendsBinary.length > 0 ? buffer([at, 0xff]) : at;
      await ask(socket, "to all in", run.name, sent, said(at));
      await arrived(sockets);
      for (const [other, heard] of news.entries()) {
        const expected = Buffer.isBuffer(sent) ? run.heard(sent, run.rows[other]) : sent;
        assert.deepEqual(bytes(heard.splice(0)), [expected]);
      }
    }
  },

  async "a broadcast carries binary to clients of all rows"(run) {
    const sockets = await Promise.all(run.rows.map((row) => run.connect({ row })));
    await Promise.all(sockets.map((socket) => ask(socket, "join", run.name)));
    const heard = sockets.map((socket) => once(socket, "news"));
    const [first, more] = [buffer([1, 2]), buffer([3])];
    sockets[0].emit("to all in", run.name, first, { more });
    assert.deepEqual(
      bytes(await Promise.all(heard)),
      run.rows.map((row) => [run.heard(first, row), { more: run.heard(more, row) }]),
    );
  },
};
