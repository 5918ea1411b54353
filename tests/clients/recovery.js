// A client that tells what it hears, and comes back when its connection is lost:
//
//     node recovery.js PACKAGE URL TRANSPORT...
//
// What is said on stdout are JSON lines: {"connect": id, "recovered": whether}, {"disconnect":
// reason} or {"event": [name, ...args]}. A line on stdin has it close the connection below it.
"use strict";

const readline = require("node:readline");

const [name, url, ...transports] = process.argv.slice(2);
const client = require(name);
const connect = client.io || client;

const say = (said) => process.stdout.write(JSON.stringify(said) + "\n");

const socket = connect(url, {
  transports,
  reconnectionDelay: 20,
  reconnectionDelayMax: 20,
  randomizationFactor: 0,
  auth: { token: "mine" },
});
socket.on("connect", () => say({ connect: socket.id, recovered: socket.recovered ?? null }));
socket.on("disconnect", (reason) => say({ disconnect: reason }));
for (const event of ["x", "picture", "message"]) {
  socket.on(event, (...args) => {
    const plain = args.map((arg) => (arg instanceof Uint8Array ? Buffer.from(arg).toString() : arg));
    say({ event: [event, ...plain] });
  });
}

readline.createInterface({ input: process.stdin }).on("line", () => socket.io.engine.close());
