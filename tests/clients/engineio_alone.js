// A client of Engine.IO alone, which says hello and has its messages sent back:
//
//     node engineio_alone.js PACKAGE URL TRANSPORT...
//
// PACKAGE is the Socket.IO client whose engine.io-client it is. What comes is said on stdout, a JSON
// line each. It leaves when it hears "bye", and tells why it was closed.
"use strict";

const [name, url, ...transports] = process.argv.slice(2);
const client = require(require.resolve("engine.io-client", { paths: [require.resolve(name)] }));
const connect = client.Socket ? (...args) => new client.Socket(...args) : client;

const say = (said) => process.stdout.write(JSON.stringify(said) + "\n");

const socket = connect(url, { transports });
socket.binaryType = "arraybuffer";
socket.on("error", (error) => say({ error: String(error) }));
socket.on("open", () => {
  socket.send("hello \u20ac");
  socket.send(Buffer.from([0, 1, 255]));
});
socket.on("upgrade", () => say({ upgrade: socket.transport.name }));
socket.on("message", (data) => {
  if (typeof data === "string") say({ text: data });
  else say({ bytes: Array.from(new Uint8Array(data)) });
  if (data === "bye") socket.close();
});
socket.on("close", (reason) => say({ close: reason }));
