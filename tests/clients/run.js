// What a scenario gets: clients of its rows, and means to wait for what they see.
"use strict";

const http = require("node:http");
const https = require("node:https");
const { setTimeout: sleep } = require("node:timers/promises");

// A generation of clients: its package, as tests/package.json names it.
const GENERATIONS = {
  4: "socket.io-client-4",
  3: "socket.io-client-3",
};

let runs = 0;

class Run {
  #sockets = [];
  #fail;

  constructor(url, rows, ask) {
    this.url = url;
    this.rows = rows;
    // For rooms and the like: scenarios share a server.
    this.name = `${process.pid}-${++runs}`;
    // Has the other side do something.
    this.ask = ask;
    // Rejected when something fails that no scenario waits for.
    this.failure = new Promise((_, reject) => (this.#fail = reject));
    this.failure.catch(() => {});
  }

  // Opens a socket, on a connection of its own unless it is given one. Does not wait.
  open({ namespace = "/", auth, manager, row = this.rows[0], ...options } = {}) {
    manager ??= this.#connection(row, options);
    const socket = manager.socket(namespace, { auth });
    this.#sockets.push(socket);
    socket.open(); // a namespace that is opened again on a connection waits for it
    return socket;
  }

  // As open(), and waits until the socket is connected.
  async connect(options) {
    const socket = this.open(options);
    const refused = once(socket, "connect_error").then(([error]) => {
      throw error;
    });
    refused.catch(() => {});
    await Promise.race([once(socket, "connect"), refused]);
    return socket;
  }

  #connection(row, options) {
    const [generation, transports] = row.split("/");
    const { Manager } = require(GENERATIONS[generation]);
    const { origin, pathname } = new URL(this.url);
    return new Manager(origin, {
      path: pathname.replace(/\/$/, "") + "/socket.io", // the application may have a prefix
      transports: transports.split("+"),
      reconnection: false,
      reconnectionDelay: 20,
      reconnectionDelayMax: 20,
      autoConnect: false,
      ...options,
    });
  }

  // Waits until the client has got to the last of its transports.
  async settle(socket) {
    const engine = socket.io.engine;
    const last = socket.io.opts.transports.at(-1);
    if (engine.transport.name !== last) await once(engine, "upgrade");
    await this.until(() => !engine.upgrading);
    return socket;
  }

  async until(condition) {
    while (!condition()) await sleep(2);
  }

  // Gets a page of the application.
  async get(path) {
    const response = await new Promise((resolve, reject) => {
      const { get } = this.url.startsWith("https:") ? https : http;
      get(this.url + path, { agent: false }, resolve).on("error", reject);
    });
    let body = "";
    for await (const piece of response.setEncoding("utf8")) body += piece;
    if (response.statusCode !== 200) throw new Error(`${path}: ${response.statusCode} ${body}`);
    return body;
  }

  fail(error) {
    this.#fail(error);
  }

  close() {
    for (const socket of this.#sockets) {
      socket.io.reconnection(false);
      socket.disconnect();
      socket.io.engine?.close();
    }
  }
}

// The arguments of the next event of that name.
function once(emitter, event) {
  return new Promise((resolve) => emitter.once(event, (...args) => resolve(args)));
}

// Emits, and waits for the arguments of the answer.
function ask(socket, event, ...args) {
  return new Promise((resolve) => socket.emit(event, ...args, (...answer) => resolve(answer)));
}

// Collects the first argument of each event of that name.
function collect(socket, event) {
  const collected = [];
  socket.on(event, (value) => collected.push(value));
  return collected;
}

function within(milliseconds, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    const error = new Error(`not over after ${milliseconds} ms`);
    timer = setTimeout(() => reject(error), milliseconds);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

module.exports = { Run, ask, collect, once, sleep, within };
