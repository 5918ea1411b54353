// The connection, and what the user does. The lines are in log.js, the lists in sidebar.js.

import { Log } from "./log.js";
import { Sidebar } from "./sidebar.js";

const $ = id => document.getElementById(id);

const MAX_PICTURE = Number(document.body.dataset.maxPicture);
const TYPING_EVERY = 1500; // milliseconds
const TYPING_SHOWN = 3000;

// This window's user. The key shows the server that it is the same one who comes back.
const me = { nickname: "", room: null, key: newId(), ...load() };

// `?transports=polling` in the address chooses how to connect.
const transports = new URLSearchParams(location.search).get("transports")?.split(",");

const socket = io({
  autoConnect: false,
  reconnectionDelayMax: 3000,
  // A function: it is asked again at each reconnection.
  auth: answer => answer({ nickname: me.nickname, room: me.room, key: me.key }),
  ...(transports && { transports }),
});

// Lines that the server has not acknowledged yet, by their ids: sent again after a reconnection.
const waiting = new Map();

const log = new Log($("log"), $("newer"), $("viewer"));
const sidebar = new Sidebar(enter);

function newId() {
  // crypto.randomUUID would need HTTPS.
  return Array.from(crypto.getRandomValues(new Uint8Array(10)),
    byte => byte.toString(16).padStart(2, "0")).join("");
}

function load() {
  try {
    return JSON.parse(sessionStorage.getItem("chat"));
  } catch {
    return null;
  }
}

function save() {
  sessionStorage.setItem("chat", JSON.stringify(me));
}

// Through the door

function showDoor(refusal = "") {
  $("chat").hidden = true;
  $("door").hidden = false;
  $("refusal").textContent = refusal;
  $("entry").classList.remove("busy");
  $("nickname").focus();
}

function showChat() {
  if (!$("chat").hidden) return;
  $("door").hidden = true;
  $("chat").hidden = false;
  $("me").textContent = me.nickname;
  $("text").focus();
}

$("entry").addEventListener("submit", event => {
  event.preventDefault();
  me.nickname = $("nickname").value;
  $("refusal").textContent = "";
  $("entry").classList.add("busy");
  socket.connect();
});

$("leave").addEventListener("click", () => {
  socket.disconnect();
  me.nickname = "";
  save();
  waiting.clear();
  log.clear();
  showDoor();
});

// The connection

socket.on("connect", () => {
  save();
  $("banner").replaceChildren();
  showTransport();
  socket.io.engine.on("upgrade", showTransport);
});

socket.on("connect_error", error => {
  if (socket.active) {
    // The server cannot be reached; the client keeps trying.
    $("refusal").textContent = "The server does not answer. Trying again …";
    reconnecting();
  } else {
    showDoor(error.message);
  }
});

socket.on("disconnect", reason => {
  $("transport").textContent = "";
  forgetTyping();
  if (reason === "io server disconnect") {
    const here = document.createElement("button");
    here.textContent = "Use this one";
    here.addEventListener("click", () => socket.connect());
    $("banner").replaceChildren("You are chatting in another window. ", here);
  } else if (socket.active) {
    reconnecting();
  }
});

function reconnecting() {
  // Once only: each change would be read out.
  if (!$("banner").hasChildNodes()) $("banner").textContent = "Reconnecting …";
}

function showTransport() {
  $("transport").textContent = socket.io.engine.transport.name;
}

// Rooms

socket.on("entered", room => {
  if (room !== me.room || !log.hasLines) log.clear();
  me.room = room;
  save();
  $("room-title").textContent = room;
  sidebar.showRoom(room);
  forgetTyping();
  showChat();
  for (const [id, line] of waiting) {
    if (line.room === room) post(id, line);
  }
});

socket.on("rooms", rooms => sidebar.showRooms(rooms));
socket.on("people", people => sidebar.showPeople(people, me.nickname));
socket.on("joined", nickname => log.note(`${nickname} joined`));
socket.on("left", nickname => {
  forgetTyping(nickname);
  log.note(`${nickname} left`);
});

function enter(room) {
  if (!socket.connected) {
    trouble("Not now: there is no connection.");
    return;
  }
  socket.emit("enter", room, answer => trouble(answer?.error));
  $("text").focus();
}

// Messages

socket.on("line", line => {
  forgetTyping(line.nickname);
  log.add(line, line.nickname === me.nickname);
});

function say(event, content, shown) {
  const id = newId();
  const line = { room: me.room, event, content };
  waiting.set(id, line);
  log.add({ id, nickname: me.nickname, time: Date.now() / 1000, ...shown }, true, "sending");
  trouble();
  if (socket.connected) post(id, line); // else when we are back
}

function post(id, { room, event, content }) {
  socket.emit(event, room, id, content, answer => {
    waiting.delete(id);
    log.mark(id, answer?.error ? "failed" : "delivered", answer?.error);
  });
}

function trouble(text = "") {
  $("trouble").textContent = text;
}

$("composer").addEventListener("submit", event => {
  event.preventDefault();
  const text = $("text").value.trim();
  if (text) say("message", text, { text });
  $("text").value = "";
  told = -TYPING_EVERY; // the message has ended our typing for the others
  $("text").focus();
});

$("text").addEventListener("keydown", event => {
  // While a Japanese or Chinese word is being composed, Enter only accepts it.
  if (event.key !== "Enter" || event.shiftKey || event.isComposing) return;
  event.preventDefault();
  $("composer").requestSubmit();
});

// Pictures

async function sendPicture(file) {
  if (file.size > MAX_PICTURE) {
    const megabytes = size => `${(size / 1e6).toFixed(1)} MB`;
    trouble(`“${file.name}” has ${megabytes(file.size)}. Pictures of up to ` +
      `${megabytes(MAX_PICTURE)} can be sent.`);
  } else if (!$("file").accept.split(",").includes(file.type)) {
    trouble(`“${file.name}” is no PNG, JPEG, GIF or WebP picture.`);
  } else {
    const picture = await file.arrayBuffer();
    say("picture", picture, { picture, type: file.type });
  }
}

function sendPictures(files, event) {
  if (!files?.length) return;
  event.preventDefault();
  for (const file of files) sendPicture(file);
}

$("attach").addEventListener("click", () => $("file").click());
$("file").addEventListener("change", event => {
  sendPictures(event.target.files, event);
  event.target.value = ""; // so that the same file can be chosen again
});
$("text").addEventListener("paste", event => sendPictures(event.clipboardData.files, event));
$("room").addEventListener("dragover", event => event.preventDefault());
$("room").addEventListener("drop", event => sendPictures(event.dataTransfer.files, event));

// Who is typing

const typing = new Map(); // nickname -> timer
let told = -TYPING_EVERY;

$("text").addEventListener("input", () => {
  trouble();
  if (performance.now() - told < TYPING_EVERY || !$("text").value) return;
  told = performance.now();
  socket.volatile.emit("typing");
});

socket.on("typing", nickname => {
  clearTimeout(typing.get(nickname));
  typing.set(nickname, setTimeout(() => forgetTyping(nickname), TYPING_SHOWN));
  showTyping();
});

function forgetTyping(...nicknames) {
  for (const nickname of nicknames.length ? nicknames : [...typing.keys()]) {
    clearTimeout(typing.get(nickname));
    typing.delete(nickname);
  }
  showTyping();
}

function showTyping() {
  const names = [...typing.keys()];
  const who = names.length > 2 ? "Several people" : names.join(" and ");
  $("typing").textContent = who && `${who} ${names.length > 1 ? "are" : "is"} typing …`;
}

// A window that is reloaded goes on where it was.
if (me.nickname) {
  $("nickname").value = me.nickname;
  $("entry").classList.add("busy");
  socket.connect();
}
