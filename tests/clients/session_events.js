// A client that answers a question, and leaves when it hears "bye":
//
//     node session_events.js PACKAGE URL TRANSPORT...
"use strict";

const [name, url, ...transports] = process.argv.slice(2);
const client = require(name);
const connect = client.io || client;

const socket = connect(url, { transports, reconnection: false });
socket.on("connect", () => socket.emit("ready"));
socket.on("question", (answer) => answer("h\u00e9"));
socket.on("bye", () => socket.disconnect());
