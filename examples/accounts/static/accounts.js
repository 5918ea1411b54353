"use strict";

const socket = io("/board");
const list = document.querySelector("#tasks");
const state = document.querySelector("#state");

function tell(text) {
  state.textContent = text;
}

// The answer of a handler that failed has an error.
function answered(answer) {
  tell(answer?.error ?? "");
}

function show(task) {
  let item = document.querySelector(`#task-${task.id}`);
  if (!item) {
    item = document.createElement("li");
    item.id = `task-${task.id}`;
    item.innerHTML = "<input type=checkbox><span class=text></span><span class=author></span>"
      + "<button type=button aria-label=Remove>✕</button>";
    item.querySelector("input").addEventListener("change", event =>
      socket.emit("done", task.id, event.target.checked, answered));
    item.querySelector("button").addEventListener("click", () =>
      socket.emit("remove", task.id, answered));
    list.append(item);
  }
  item.classList.toggle("done", task.done);
  item.querySelector("input").checked = task.done;
  item.querySelector(".text").textContent = task.text;
  item.querySelector(".author").textContent = task.author;
}

socket.on("connect", () => tell(""));
socket.on("connect_error", error => tell(error.message));
socket.on("disconnect", reason => tell(
  reason === "io server disconnect" ? "You have logged out." : "The connection is lost …"));
socket.on("tasks", tasks => {
  list.replaceChildren();
  tasks.forEach(show);
});
socket.on("task", show);
socket.on("removed", id => document.querySelector(`#task-${id}`)?.remove());
socket.on("people", names => {
  document.querySelector("#people").textContent = names.join(", ");
});

document.querySelector("#add").addEventListener("submit", event => {
  event.preventDefault();
  const text = document.querySelector("#text");
  socket.emit("add", text.value, answered);
  text.value = "";
});
