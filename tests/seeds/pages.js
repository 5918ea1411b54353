// Opens pages: each has a client of its time and a script, which tells by console.log what it sees.
// It is told what to do on stdin, and answers on stdout, by JSON lines:
//
//     {"open": page, "client": "0.9", "url": …, "script": …}  {"close": page}
//     {"page": page, "logged": […]}  {"page": page, "failed": why}  {"page": page, "closed": true}
"use strict";

const readline = require("node:readline");
const { bytes } = require("../clients/run");

const pages = new Map();

// Anew, as each page has it: clients keep their connections in the module.
function load(client) {
  for (const file of Object.keys(require.cache)) {
    if (file.includes("node_modules")) delete require.cache[file];
  }
  return require(`socket.io-client-${client}`);
}

class Page {
  #sockets = [];

  constructor(number, { client, url, script }) {
    this.number = number;
    const { protocol, host, hostname, port } = new URL(url);
    const io = load(client);
    // Where the page is from: globally, and where client 0.9 looks for it outside of browsers.
    globalThis.location = io.location = { protocol, host, hostname, port };
    const connect = (...args) => this.#keep(io.connect(...args));
    const watched = new Proxy(io, {
      apply: (_, __, args) => connect(...args),
      get: (target, name) => (name === "connect" ? connect : target[name]),
    });
    const console = { log: (...values) => this.say({ logged: values.map(bytes) }) };
    new Function("io", "url", "console", "require", script)(watched, url, console, require);
  }

  say(what) {
    process.stdout.write(JSON.stringify({ page: this.number, ...what }) + "\n");
  }

  #keep(socket) {
    this.#sockets.push(socket);
    return socket;
  }

  close() {
    for (const socket of this.#sockets) {
      if (socket.socket) closeOld(socket.socket);
      else closeNew(socket);
    }
    this.say({ closed: true });
  }
}

function closeNew(socket) {
  socket.io.reconnection(false);
  socket.disconnect();
  socket.io.engine?.close();
}

// Client 0.9.
function closeOld(connection) {
  connection.options.reconnect = false;
  if (connection.transport) connection.disconnect(); // fails for one that was refused
  connection.transport?.close();
}

function obey(asked) {
  if (asked.open) return pages.set(asked.open, new Page(asked.open, asked));
  pages.get(asked.close).close();
  pages.delete(asked.close);
}

process.on("uncaughtException", (error) => {
  for (const page of pages.values()) page.say({ failed: String(error.stack) });
});
readline.createInterface({ input: process.stdin }).on("line", (line) => {
  const asked = JSON.parse(line);
  try {
    obey(asked);
  } catch (error) {
    const page = asked.open ?? asked.close;
    process.stdout.write(JSON.stringify({ page, failed: String(error.stack) }) + "\n");
  }
});
