// The clients 1.0 to 4 as scenarios see them.
"use strict";

const QUICK = { reconnectionDelay: 20, reconnectionDelayMax: 20 }; // milliseconds

class Connection {
  constructor(io, options) {
    const { facts, origin, path, transports, parser, query, reconnects, timeout, byDefault } =
      options;
    this.facts = facts;
    this.sockets = [];
    this.manager = byDefault
      ? io(origin).io
      : new io.Manager(origin, {
          path,
          transports,
          ...(parser && { parser }),
          query: query && { ...query }, // clients 1.x put their own keys into it
          autoConnect: false,
          reconnection: reconnects,
          ...(timeout && { timeout }),
          ...QUICK,
        });
  }

  open(namespace, auth) {
    const query = this.facts.auth === "query of the namespace" ? encode(auth) : undefined;
    return new Socket(this, this.manager.socket(namespace, { auth, query }));
  }

  get engine() {
    return this.manager.engine;
  }

  // The session's secret name, or not so secret.
  get sid() {
    return this.engine.id;
  }

  get transport() {
    return this.engine.transport.name;
  }

  get closed() {
    return this.engine.readyState === "closed";
  }

  async settled() {
    const last = this.manager.opts.transports.at(-1);
    if (this.transport !== last) await new Promise((resolve) => this.engine.once("upgrade", resolve));
    while (this.engine.upgrading) await new Promise((resolve) => setTimeout(resolve, 2));
  }

  // Counts heartbeats. Who is pinged is pinged again only once his answer is there; who pings
  // himself does so again only once he has the answer.
  countBeats() {
    const counted = { beats: 0 };
    this.engine.on("packet", ({ type }) => (counted.beats += type === "ping" || type === "pong"));
    return counted;
  }

  // Closes the connection without a word of Socket.IO's.
  close() {
    this.engine.close();
  }

  end() {
    this.manager.reconnection(false);
    for (const socket of this.sockets) socket.disconnect();
    this.engine?.close();
  }
}

class Socket {
  constructor(connection, socket) {
    this.connection = connection;
    this.socket = socket;
    connection.sockets.push(socket);
    socket.open(); // a namespace that is opened again on a connection waits for it
  }

  // As the server has it.
  get id() {
    const { id, nsp, io } = this.socket;
    if (this.connection.facts.auth === "connect packet" || nsp === "/") return id ?? io.engine.id;
    return `${nsp}#${io.engine.id}`; // clients 1.x show it without the namespace
  }

  get connected() {
    return this.socket.connected;
  }

  on(event, listener) {
    this.socket.on(event, listener);
  }

  once(event, listener) {
    this.socket.once(event, listener);
  }

  emit(...args) {
    this.socket.emit(...args);
  }

  // What the client is told when it may not join.
  refused() {
    return new Promise((resolve) => {
      this.socket.once("connect_error", (error) => {
        const { message, data } = error;
        resolve(data === undefined ? { message } : { message, data });
      });
      // Clients 1.x and 2.x. With msgpack they read text alone, which is JSON of what is more.
      this.socket.once("error", (data) => resolve({ data: parsed(data) }));
    });
  }

  connect(auth) {
    if (this.connection.facts.auth === "connect packet") this.socket.auth = auth;
    else this.socket.query = encode(auth);
    this.socket.connect();
  }

  disconnect() {
    this.socket.disconnect();
  }
}

function parsed(data) {
  return typeof data === "string" && data.startsWith("{") ? JSON.parse(data) : data;
}

function encode(query) {
  return query && new URLSearchParams(query).toString().replaceAll("+", "%20");
}

module.exports = Connection;
