// The lists of rooms and of people; on a phone they come in from the side.

import { element, hue } from "./log.js";

const $ = id => document.getElementById(id);

export class Sidebar {
  #room = null;
  #rooms = [];
  #enter;

  // enter(room) is called with the room that the user chose.
  constructor(enter) {
    this.#enter = enter;
    $("menu").addEventListener("click", () => this.#open(!this.#isOpen));
    $("shade").addEventListener("click", () => this.#open(false));
    document.addEventListener("keydown", event => {
      if (event.key === "Escape") this.#open(false);
    });
    $("new-room").addEventListener("submit", event => {
      event.preventDefault();
      this.#choose($("room-name").value);
      $("room-name").value = "";
    });
  }

  showRoom(room) {
    this.#room = room;
    this.showRooms(this.#rooms);
  }

  showRooms(rooms) {
    this.#rooms = rooms;
    const focused = document.activeElement?.dataset.room;
    $("rooms").replaceChildren(...rooms.map(([room, people]) => {
      const button = element("button", "", room);
      button.dataset.room = room;
      if (room === this.#room) button.ariaCurrent = "true";
      const count = element("span", "count", people || "");
      count.title = `${people} here`;
      button.append(count);
      button.addEventListener("click", () => this.#choose(room));
      const item = element("li");
      item.append(button);
      return item;
    }));
    // The list may change while somebody goes through it with the keyboard.
    for (const button of $("rooms").querySelectorAll("button")) {
      if (focused !== undefined && button.dataset.room === focused) button.focus();
    }
  }

  showPeople(people, own) {
    $("people").replaceChildren(...people.map(nickname => {
      const item = element("li", "", nickname);
      item.style.setProperty("--hue", hue(nickname));
      if (nickname === own) item.append(element("small", "", "you"));
      return item;
    }));
  }

  #choose(room) {
    this.#open(false);
    this.#enter(room);
  }

  get #isOpen() {
    return document.body.classList.contains("menu-open");
  }

  #open(open) {
    if (open === this.#isOpen) return;
    document.body.classList.toggle("menu-open", open);
    $("menu").ariaExpanded = String(open);
    if (open) $("sidebar").querySelector("button").focus();
    else $("menu").focus();
  }
}
