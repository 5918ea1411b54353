// A client of each of two servers that are one cluster, the first of which is asked:
//
//     node cluster.js PACKAGE URL URL
//
// What is said on stdout is one JSON line: all that each has heard, in order.
"use strict";

const [name, ...urls] = process.argv.slice(2);
const client = require(name);
const connect = client.io || client;

const heard = urls.map(() => []);
const sockets = urls.map((url) => connect(url, { transports: ["websocket"], forceNew: true }));
const next = (socket, event) => new Promise((resolve) => socket.once(event, resolve));

async function play([first, second]) {
  await Promise.all(sockets.map((socket) => next(socket, "connect")));
  sockets.forEach((socket, number) => {
    for (const event of ["told", "asked", "answers"]) {
      socket.on(event, (value) => heard[number].push([event, value]));
    }
  });
  let arrived = [next(second, "told")];
  first.emit("tell others", "hello");
  await Promise.all(arrived);
  arrived = [next(second, "asked")];
  const answer = await new Promise((resolve) => first.emit("ask others", 21, resolve));
  heard[0].push(["answer", answer]);
  await Promise.all(arrived);
  arrived = [next(second, "asked"), next(first, "answers")];
  first.emit("ask others, with a callback", 4);
  await Promise.all(arrived);
}

play(sockets).then(() => {
  console.log(JSON.stringify(heard));
  process.exit();
});
