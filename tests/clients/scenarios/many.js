"use strict";

const assert = require("node:assert/strict");
const { ask, collect, once, sleep } = require("../run");

const upTo = (count) => Array.from({ length: count }, (_, number) => number);

module.exports = {
  async "messages between two polls are kept"(run) {
    const socket = await run.connect();
    const numbers = collect(socket, "number");
    await ask(socket, "count slowly", 50);
    assert.deepEqual(numbers, upTo(50));
  },

  async "volatile messages are lost rather than kept, others are not"(run) {
    const socket = await run.settle(await run.connect());
    const numbers = collect(socket, "maybe");
    socket.emit("volatile", 100);
    await once(socket, "certain");
    if (socket.connection.transport === "websocket") assert.deepEqual(numbers, upTo(100));
    else assert.ok(numbers.length <= 1, `one poll carried ${numbers}`);
  },

  async "10,000 events at once are all handled, in order"(run) {
    const socket = await run.connect();
    for (const number of upTo(10000)) socket.emit("number", number);
    assert.deepEqual(await ask(socket, "numbers"), [10000, true]);
  },

  async "10,000 events at once all arrive, in order"(run) {
    const socket = await run.connect();
    const numbers = collect(socket, "number");
    await ask(socket, "count at once", 10000);
    assert.deepEqual(numbers, upTo(10000));
  },

  // Both sides go on until the client has upgraded and has seen enough.
  async "an upgrade under load loses nothing and keeps the order"(run) {
    const socket = await run.connect();
    const numbers = collect(socket, "number");
    const counted = once(socket, "counted");
    const settled = run.settle(socket).then(() => numbers.length);
    let before;
    settled.then((length) => (before = length));
    socket.emit("count until enough");
    let sent = 0;
    while (before === undefined || Math.min(sent, numbers.length) < before + 1000) {
      for (let batch = 0; batch < 10; batch++) socket.emit("number", sent++);
      await sleep(1);
    }
    socket.emit("enough");
    const [total] = await counted;
    assert.deepEqual(numbers, upTo(total));
    assert.deepEqual(await ask(socket, "numbers"), [sent, true]);
    const [seen] = await ask(socket, "who");
    assert.equal(seen.transport, socket.connection.transport);
  },

  async "heartbeats keep clients of all rows connected"(run) {
    const sockets = await Promise.all(run.rows.map((row) => run.connect({ row })));
    const disconnected = sockets.map((socket) => collect(socket, "disconnect"));
    const counted = sockets.map((socket) => socket.connection.countBeats());
    await run.until(() => counted.every(({ beats }) => beats >= 4));
    await Promise.all(sockets.map((socket) => ask(socket, "echo")));
    assert.deepEqual(disconnected, sockets.map(() => []));
  },
};
