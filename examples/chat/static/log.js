// The lines of a room. Whatever others wrote becomes text, never HTML.

const MOST_LINES = 300;
const NEAR = 80; // pixels from the end that still count as being at the end

const clock = new Intl.DateTimeFormat(undefined, { hour: "2-digit", minute: "2-digit" });

const MARKS = {
  sending: ["○", "Sending"],
  delivered: ["✓", "Delivered"],
  failed: ["!", "Not sent"],
};

// One colour for each nickname, the same in every window.
export function hue(nickname) {
  let hash = 0;
  for (const character of nickname) hash = (Math.imul(hash, 31) + character.codePointAt(0)) | 0;
  return ((hash >>> 0) * 97) % 360;
}

export function element(name, classes = "", text = "") {
  const made = document.createElement(name);
  made.className = classes;
  made.textContent = text;
  return made;
}

export class Log {
  #list;
  #newer;
  #viewer;
  #lines = new Map(); // id -> its element
  #atEnd = true;

  constructor(list, newer, viewer) {
    this.#list = list;
    this.#newer = newer;
    this.#viewer = viewer;
    list.addEventListener("scroll", () => {
      this.#atEnd = list.scrollHeight - list.scrollTop - list.clientHeight < NEAR;
      if (this.#atEnd) newer.hidden = true;
    });
    newer.addEventListener("click", () => this.#toEnd());
    // The keyboard of a phone, a banner: the end stays in view.
    new ResizeObserver(() => this.#atEnd && this.#toEnd()).observe(list);
    viewer.addEventListener("click", event => event.target === viewer && viewer.close());
  }

  get hasLines() {
    return this.#lines.size > 0;
  }

  clear() {
    while (this.#list.firstChild) this.#removeFirst();
    this.#toEnd();
  }

  add(line, mine, state = "delivered") {
    if (this.#lines.has(line.id)) return; // we have shown it before the connection was lost
    const item = element("div", mine ? "line mine" : "line");
    item.dataset.nickname = line.nickname;
    item.style.setProperty("--hue", hue(line.nickname));
    const last = this.#list.lastElementChild;
    if (last?.dataset.nickname === line.nickname) item.classList.add("again");
    const bubble = element("div", "bubble");
    bubble.append(element("span", "author", line.nickname));
    bubble.append(line.picture ? this.#picture(line) : element("p", "text", line.text));
    const foot = element("span", "foot");
    foot.append(element("time", "", clock.format(line.time * 1000)));
    if (mine) foot.append(element("span", "mark"));
    bubble.append(foot);
    item.append(bubble);
    this.#lines.set(line.id, item);
    this.#append(item, mine);
    if (mine) this.mark(line.id, state);
  }

  // Who came and went.
  note(text) {
    this.#append(element("div", "note", text), false);
  }

  // How far a line of ours has got.
  mark(id, state, why = "") {
    const item = this.#lines.get(id);
    if (!item) return;
    const [sign, label] = MARKS[state];
    const mark = item.querySelector(".mark");
    mark.textContent = sign;
    mark.role = "img";
    mark.ariaLabel = mark.title = label;
    item.dataset.state = state;
    if (why) item.append(element("p", "why", `Not sent: ${why}`));
  }

  #append(item, mine) {
    this.#list.append(item);
    if (this.#list.childElementCount > MOST_LINES) this.#removeFirst();
    if (this.#atEnd || mine) this.#toEnd();
    else this.#newer.hidden = false;
  }

  #removeFirst() {
    const item = this.#list.firstChild;
    for (const image of item.querySelectorAll("img")) URL.revokeObjectURL(image.src);
    for (const [id, known] of this.#lines) {
      if (known === item) this.#lines.delete(id);
    }
    item.remove();
  }

  #toEnd() {
    this.#list.scrollTop = this.#list.scrollHeight;
    this.#newer.hidden = true;
    this.#atEnd = true;
  }

  #picture({ picture, type, nickname }) {
    const image = element("img");
    // The type is what the server read in the first bytes; an <img> runs nothing in any case.
    image.src = URL.createObjectURL(new Blob([picture], { type }));
    image.alt = `Picture from ${nickname}`;
    image.addEventListener("error", () => image.replaceWith("(This picture cannot be shown.)"));
    const button = element("button", "picture");
    button.title = "Show it large";
    button.append(image);
    button.addEventListener("click", () => {
      const large = this.#viewer.querySelector("img");
      large.src = image.src;
      large.alt = image.alt;
      this.#viewer.showModal();
    });
    return button;
  }
}
