// What a scenario gets: clients of its rows, and means to wait for what they see.
"use strict";

const http = require("node:http");
const https = require("node:https");
const { setTimeout: sleep } = require("node:timers/promises");

const FACES = { "engine.io": require("./engineio"), "protocol 1": require("./protocol1") };
const GENERATIONS = require("./generations.json");

const ROW = /^([^ /]+)(?: ([^/]+))?(?:[/](.+))?$/; // generation, parser, transports

let runs = 0;

class Run {
  #connections = [];
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

  // What generations.json says of a row's clients.
  facts(row = this.rows[0]) {
    return GENERATIONS[ROW.exec(row)[1]];
  }

  // What a row's clients hand out where `binary` was sent, as bytes() shows it.
  heard(binary, row = this.rows[0]) {
    if (this.facts(row).hearsBinary === "bytes") return bytes(binary);
    return { base64: true, data: binary.toString("base64") };
  }

  // Opens a socket, on a connection of its own or on that of another. Does not wait.
  //
  // auth: what the client says of itself, by what its generation has for that.
  // query: what it says when it makes the connection, whatever its generation.
  // timeout: how long it waits to be connected, where its generation can say so, milliseconds.
  open({ namespace = "/", auth, query, beside, row = this.rows[0], ...more } = {}) {
    const connection = beside?.connection ?? this.#connect(row, auth, query, more);
    return connection.open(namespace, auth);
  }

  // As open(), and waits until the socket is connected.
  async connect(options) {
    const socket = this.open(options);
    const refused = socket.refused().then((refusal) => {
      throw new Error(`refused: ${JSON.stringify(refusal)}`);
    });
    refused.catch(() => {});
    await Promise.race([once(socket, "connect"), refused]);
    return socket;
  }

  #connect(row, auth, query, { reconnects = false, timeout }) {
    const facts = this.facts(row);
    const [, , parser, transports] = ROW.exec(row);
    const { origin, pathname } = new URL(this.url);
    const connection = new FACES[facts.face](require(facts.package), {
      facts,
      origin,
      path: pathname.replace(/\/$/, "") + "/socket.io", // the application may have a prefix
      transports: transports?.split("+"),
      parser: parser && require(facts.parsers[parser]),
      query: query ?? (facts.auth === "connect packet" ? undefined : auth),
      reconnects,
      timeout,
      byDefault: transports === undefined, // without any options
    });
    this.#connections.push(connection);
    return connection;
  }

  // Waits until the client has got to the last of its transports.
  async settle(socket) {
    await socket.connection.settled();
    return socket;
  }

  async until(condition) {
    while (!(await condition())) await sleep(2);
  }

  // Why a socket left, as the server knows it.
  reason(id) {
    return this.get(`/reason?id=${encodeURIComponent(id)}`);
  }

  // Waits until the server could send something at once, such as by a poll.
  ready(socket) {
    return this.get(`/ready?sid=${socket.connection.sid}`);
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
    for (const connection of this.#connections) connection.end();
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

// Not of Node's pool: client 1.0 sends all of the ArrayBuffer below.
function buffer(values) {
  const buffer = Buffer.alloc(values.length);
  buffer.set(values);
  return buffer;
}

// As far as deepEqual can tell: a client hands binary out as Buffer, or as ArrayBuffer.
function bytes(value) {
  if (value instanceof ArrayBuffer) value = new Uint8Array(value);
  if (ArrayBuffer.isView(value)) return { bytes: Array.from(value) };
  if (Array.isArray(value)) return value.map(bytes);
  if (value === null || typeof value !== "object") return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, bytes(item)]));
}

function within(milliseconds, promise) {
  let timer;
  const late = new Promise((_, reject) => {
    const error = new Error(`not over after ${milliseconds} ms`);
    timer = setTimeout(() => reject(error), milliseconds);
  });
  return Promise.race([promise, late]).finally(() => clearTimeout(timer));
}

module.exports = { GENERATIONS, Run, ask, buffer, bytes, collect, once, sleep, within };
