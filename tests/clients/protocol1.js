// The clients 0.7 to 0.9 as scenarios see them.
"use strict";

const QUICK = { "reconnection delay": 20, "reconnection limit": 20 }; // milliseconds
const NAMES = { "xhr-polling": "polling" }; // the server's, where they differ

let ours; // the client's own list

class Connection {
  constructor(io, { facts, origin, path, transports, query, reconnects, byDefault }) {
    this.facts = facts;
    // The option of that name is merged into this list, item by item, and not put in its place.
    ours ??= io.transports;
    io.transports = [...(transports ?? ours)];
    const options = {
      resource: path.slice(1),
      query: encode(query),
      "force new connection": true,
      "max reconnection attempts": Infinity,
      reconnect: reconnects,
      ...QUICK,
    };
    this.client = io.connect(origin, byDefault ? {} : options).socket;
  }

  open(namespace) {
    return new Socket(this, this.client.of(namespace === "/" ? "" : namespace));
  }

  get sid() {
    return this.client.sessionid;
  }

  get transport() {
    const { name } = this.client.transport;
    return NAMES[name] ?? name;
  }

  get closed() {
    return !this.client.open;
  }

  async settled() {}

  // Counts heartbeats. Who polls has none: that he polls shows that he is there.
  countBeats() {
    const { transport } = this.client;
    if (!transport.heartbeats()) return { beats: Infinity };
    const counted = { beats: 0 };
    const onHeartbeat = transport.onHeartbeat;
    transport.onHeartbeat = function () {
      counted.beats++;
      onHeartbeat.call(this);
    };
    return counted;
  }

  close() {
    this.client.transport.close();
  }

  end() {
    this.client.options.reconnect = false;
    // A client that was refused has no transport yet, and disconnect() would fail for that.
    if (this.client.transport) this.client.disconnect();
    this.client.transport?.close();
  }
}

class Socket {
  constructor(connection, socket) {
    this.connection = connection;
    this.socket = socket;
  }

  get id() {
    return this.connection.sid;
  }

  get connected() {
    return this.connection.client.connected;
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

  refused() {
    return new Promise((resolve) => {
      this.socket.once("connect_failed", (reason) => resolve({ reason }));
      this.socket.once("error", (reason) => resolve({ reason }));
    });
  }

  connect() {
    if (this.socket.name === "") this.connection.client.connect();
    else this.socket.packet({ type: "connect" }); // as a client that comes back does
  }

  disconnect() {
    this.socket.disconnect();
  }
}

function encode(query) {
  return query && new URLSearchParams(query).toString().replaceAll("+", "%20");
}

module.exports = Connection;
