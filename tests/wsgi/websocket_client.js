// Sends messages with the package ws, expects each back, and tells what was agreed on.
// Arguments: the URL, and the option perMessageDeflate as JSON.
'use strict';

const assert = require('assert');
const { WebSocket } = require('ws');

const [url, perMessageDeflate] = process.argv.slice(2);
const options = { perMessageDeflate: JSON.parse(perMessageDeflate) };

const text = 'h\u00e9 \u{1f600} ';
const messages = ['', 'a', text, text.repeat(50), text.repeat(50), text.repeat(100000)]
  .concat([0, 1, 1023, 1024, 1025, 70000, 1000000].map((size) => Buffer.alloc(size, 'ab')))
  .concat([Buffer.from(Array.from({ length: 300000 }, () => Math.random() * 256))]);

const socket = new WebSocket(url, options);
let extensions;
let bytes = 0;
let answered = 0;

socket.on('upgrade', (response) => {
  extensions = response.headers['sec-websocket-extensions'] || '';
  response.socket.on('data', (data) => (bytes += data.length));
});
socket.on('open', () => {
  // Twice all of it, so that a context has something to look back at; in fragments the last time.
  for (const message of messages) socket.send(message);
  for (const message of messages) socket.send(message);
  for (const message of messages) {
    const half = message.length >> 1;
    socket.send(message.slice(0, half), { fin: false });
    socket.send(message.slice(half));
  }
});
socket.on('message', (data, isBinary) => {
  const expected = messages[answered % messages.length];
  assert.strictEqual(isBinary, typeof expected !== 'string');
  assert.ok(data.equals(Buffer.from(expected)), `message ${answered} came back changed`);
  answered += 1;
  if (answered === 3 * messages.length) socket.close(4001);
});
socket.on('close', (code) => {
  assert.strictEqual(answered, 3 * messages.length);
  console.log(JSON.stringify({ extensions, bytes, code }));
});
