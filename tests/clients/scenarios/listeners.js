"use strict";

const assert = require("node:assert/strict");
const { ask, once } = require("../run");

module.exports = {
  async "a listener of one socket is called once, or until it is taken off"(run) {
    const [socket, other] = await Promise.all([run.connect(), run.connect()]);
    await ask(socket, "listen");
    assert.deepEqual(await ask(socket, "once"), ["listener"]);
    assert.deepEqual(await ask(socket, "once"), ["handler"]);
    assert.deepEqual(await ask(socket, "until off"), ["listener"]);
    assert.deepEqual(await ask(other, "until off"), ["handler"]);
    await ask(socket, "take off");
    assert.deepEqual(await ask(socket, "until off"), ["handler"]);
  },

  async "a listener answers in each of its ways"(run) {
    const socket = await run.connect();
    await ask(socket, "listen");
    assert.deepEqual(await ask(socket, "return", 1), ["returned", 1]);
    assert.deepEqual(await ask(socket, "ack", 2), ["by ack", 2]);
    assert.deepEqual(await ask(socket, "callback", 3), ["by callback", 3]);
  },

  async "an event that nobody handles goes to the handler of any"(run) {
    const socket = await run.connect({ namespace: "/any" });
    assert.deepEqual(await ask(socket, "something", 1, [2]), ["something", 1, [2]]);
    assert.deepEqual(await ask(socket, "*", 3), ["*", 3]);
  },

  async "listeners for any event see what comes and what is sent"(run) {
    const socket = await run.connect();
    await ask(socket, "watch");
    socket.emit("send back", 1, { two: 2 });
    await once(socket, "sent back");
    assert.deepEqual(await ask(socket, "watched"), [
      [["send back", 1, { two: 2 }], ["watched"]],
      [["sent back", 1, { two: 2 }]],
    ]);
  },

  async "a middleware refuses an event"(run) {
    const socket = await run.connect();
    await ask(socket, "guard");
    const error = once(socket, "error");
    assert.deepEqual(await ask(socket, "secret"), [{ error: "not for you" }]);
    if (run.facts().protocol === 3) assert.deepEqual(await error, ["not for you"]);
    assert.deepEqual(await ask(socket, "errors"), [["not for you"]]);
  },
};
