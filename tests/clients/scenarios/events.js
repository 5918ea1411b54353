"use strict";

const assert = require("node:assert/strict");
const { ask, buffer, bytes, once } = require("../run");

const TEXTS = {
  "beyond the basic plane": "😀 𝄞 \u{10FFFF}",
  "line separators": "a\u2028b\u2029c",
  "control characters": "\0\x01\x1e\x1f\x7f\n\r\t",
  "quotes and slashes": '"\\/\'</script>',
  accents: "é e\u0301 ñ ß 漢字 עברית",
};

async function sendBack(socket, ...args) {
  socket.emit("send back", ...args);
  return once(socket, "sent back");
}

module.exports = {
  async "an answer carries any number of arguments"(run) {
    const socket = await run.connect();
    for (const args of [[], [null], [0, false, ""], [1, "two", { three: [3, { four: 4.5 }] }, []]])
      assert.deepEqual(await ask(socket, "echo", ...args), args);
  },

  async "answers come in the order of the questions"(run) {
    const socket = await run.connect();
    const numbers = Array.from({ length: 200 }, (_, number) => number);
    const order = [];
    await Promise.all(
      numbers.map((number) => ask(socket, "echo", number).then(([answer]) => order.push(answer))),
    );
    assert.deepEqual(order, numbers);
  },

  async "text of all planes is unchanged"(run) {
    const socket = await run.connect();
    for (const [what, text] of Object.entries(TEXTS)) {
      assert.deepEqual(await ask(socket, "echo", text), [text], what);
      assert.deepEqual(await sendBack(socket, { [text]: text }), [{ [text]: text }], what);
    }
  },

  async "messages of 100 KiB are unchanged"(run) {
    const socket = await run.connect();
    for (const text of ["x".repeat(102400), "€😀".repeat(14629)])
      assert.ok((await ask(socket, "echo", text))[0] === text);
  },

  async "binary of 100 KiB is unchanged"(run) {
    const socket = await run.connect();
    const binary = Buffer.alloc(102400, "0123456789");
    assert.ok(binary.equals(Buffer.from((await ask(socket, "echo", binary))[0])));
  },

  async "binary is sent, several attachments at a time"(run) {
    const socket = await run.connect();
    const args = [
      buffer([0, 1, 0x1e, 0x7f, 0x80, 0xff]),
      { empty: buffer([]), list: [buffer([0x62, 0x34]), "b4", buffer([4])] },
      "no binary",
    ];
    if (run.facts().sendsBinary.includes("Uint8Array")) args.push(new Uint8Array([9, 8, 7]));
    assert.deepEqual(bytes(await sendBack(socket, ...args)), bytes(args));
    assert.deepEqual(bytes(await ask(socket, "echo", ...args)), bytes(args));
  },

  async "binary arrives, several attachments at a time"(run) {
    const socket = await run.connect();
    const as = (...values) => run.heard(buffer(values));
    assert.deepEqual(bytes(await ask(socket, "give binary")), [
      as(0, 1, 0x1e, 0x7f, 0x80, 0xff),
      { empty: as(), list: [as(0x62, 0x34), "b4", as(4)] },
    ]);
  },

  async "binary and text keep their order"(run) {
    const socket = await run.connect();
    const answers = [];
    const ask = (value) =>
      new Promise((resolve) => socket.emit("echo", value, (got) => resolve(answers.push(got))));
    await Promise.all([ask(1), ask(buffer([2])), ask(3), ask(buffer([4])), ask(5)]);
    assert.deepEqual(bytes(answers), [1, { bytes: [2] }, 3, { bytes: [4] }, 5]);
  },

  async "the server asks by a callback"(run) {
    const socket = await run.connect();
    socket.on("question", (question, answer) => answer(question, "π", null));
    socket.emit("ask by callback", 42);
    assert.deepEqual(await once(socket, "answered"), [socket.id, 42, "π", null]);
  },

  async "the server asks by a callback, and gets binary"(run) {
    const socket = await run.connect();
    socket.on("question", (question, answer) => answer(question, { a: buffer([question]) }));
    socket.emit("ask by callback", 42);
    const answer = bytes(await once(socket, "answered"));
    assert.deepEqual(answer, [socket.id, 42, { a: { bytes: [42] } }]);
  },

  async "the server asks and waits"(run) {
    const socket = await run.connect();
    const answers = { nothing: [], one: [{ a: "b" }], several: [1, "2", null] };
    socket.on("question", (name, answer) => answer(...answers[name]));
    assert.deepEqual(await ask(socket, "ask by call", "nothing"), []);
    assert.deepEqual(await ask(socket, "ask by call", "one"), answers.one);
    assert.deepEqual(await ask(socket, "ask by call", "several"), [answers.several]);
  },

  async "a handler that raises is an answer, and not the end"(run) {
    const socket = await run.connect();
    assert.deepEqual(await ask(socket, "raise"), [{ error: "internal error" }]);
    assert.deepEqual(await ask(socket, "echo", 1), [1]);
  },

  async "a handler that waits delays its own client only"(run) {
    const [waiting, other] = await Promise.all([run.connect(), run.connect()]);
    const order = [];
    const waited = ask(waiting, "wait", run.name).then(() => order.push("waited"));
    const behind = ask(waiting, "echo").then(() => order.push("behind it"));
    await ask(other, "echo");
    order.push("the other");
    await ask(other, "release", run.name);
    await Promise.all([waited, behind]);
    assert.deepEqual(order, ["the other", "waited", "behind it"]);
  },

  async "values are stored for the session"(run) {
    const [socket, other] = await Promise.all([run.connect(), run.connect()]);
    const value = { list: [1, "two", null] };
    assert.deepEqual(await ask(socket, "get", "key"), [false, null]);
    await ask(socket, "put", "key", value);
    assert.deepEqual(await ask(socket, "get", "key"), [true, value]);
    assert.deepEqual(await ask(other, "get", "key"), [false, null]);
    await ask(socket, "delete", "key");
    assert.deepEqual(await ask(socket, "get", "key"), [false, null]);
    socket.emit("set nickname", "Ada");
    assert.deepEqual(await once(socket, "ready"), []);
    socket.emit("msg");
    assert.deepEqual(await once(socket, "message by"), [null, "Ada"]);
  },
};
