// Plays scenarios with real clients against a server:
//
//     node client.js URL SCENARIO ROW...     plays one; exits with 1 and says why if it fails
//     node client.js                         plays what is asked for on stdin, a JSON line each
//
// A row is a generation and its transports, such as 4/polling+websocket, with its parser where that
// is not the default one, 4 msgpack/websocket; or a generation alone, by which its clients get no
// options. What is said on stdout are JSON lines: {"done": result}, {"failed": why}, or
// {"step": name} when the scenario waits for the other side to do something.
"use strict";

const readline = require("node:readline");
const { Run, within } = require("./run");

const TIMEOUT = 20000; // milliseconds

const SCENARIOS = Object.assign(
  {},
  ...["connecting", "entering", "events", "listeners", "others", "many", "leaving"].map((topic) =>
    require(`./scenarios/${topic}`),
  ),
);

async function play(scenario, url, rows, ask) {
  const run = new Run(url, rows, ask);
  const fail = (error) => run.fail(error);
  process.on("uncaughtException", fail);
  try {
    const result = await within(TIMEOUT, Promise.race([SCENARIOS[scenario](run), run.failure]));
    return { done: result ?? null };
  } catch (error) {
    return { failed: `${rows.join(" ")}: ${error?.stack ?? error}` };
  } finally {
    run.close();
    process.off("uncaughtException", fail);
  }
}

function say(message) {
  process.stdout.write(JSON.stringify(message) + "\n");
}

async function serve() {
  const lines = readline.createInterface({ input: process.stdin })[Symbol.asyncIterator]();
  const hear = async () => JSON.parse((await lines.next()).value ?? "null");
  const ask = async (step) => (say({ step }), (await hear()).did);
  for (let asked = await hear(); asked; asked = await hear()) {
    if (asked.list) say({ done: Object.keys(SCENARIOS) });
    else say(await play(asked.scenario, asked.url, asked.rows, ask));
  }
}

async function main([url, scenario, ...rows]) {
  if (!url) return serve();
  const result = await play(scenario, url, rows);
  say(result);
  process.exit("done" in result ? 0 : 1);
}

main(process.argv.slice(2));
