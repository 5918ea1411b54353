/*
 * What every page does with its client, in the language of 1999 (ECMAScript 3), so that the oldest
 * browsers of the oldest clients can read it. The clients differ in nothing that is used here.
 */

function element(id) {
  return document.getElementById(id);
}

/*
 * name: under which the page takes part.
 * expected: the transport on which the server should see it.
 * options: of io.connect.
 */
function takePart(name, expected, options) {
  // The client 0.9 puts the option over its list of all, item by item; the rest would stay in it.
  if (io.transports) { io.transports = options.transports; }

  var socket = io.connect("/", options);

  // The light, and beside it the transport as the server calls it.
  function show(state, text) {
    element("light").className = state;
    element("light").title = state;
    element("state").innerHTML = "";
    element("state").appendChild(document.createTextNode(text));
  }

  function say(text) {
    socket.emit("say", text);
  }

  function enter() {
    socket.emit("enter", name, function (transport) {
      show(transport === expected ? "connected" : "waiting", transport);
    });
  }

  socket.on("connect", function () {
    enter();
    // Since 1.0 a client may go on to a better transport.
    if (socket.io) { socket.io.engine.on("upgrade", enter); }
  });

  socket.on("disconnect", function (reason) {
    show("lost", "disconnected" + (reason ? ": " + reason : ""));
  });

  socket.on("said", addLine);

  element("composer").onsubmit = function () {
    var text = element("text").value;
    element("text").value = "";
    if (text) { say(text); }
    return false;
  };

  // The page with all of them asks each to say the same.
  window.onmessage = function (event) {
    if (event.source === window.parent && typeof event.data === "string") { say(event.data); }
  };

  return socket;
}

function addLine(who, text) {
  var log = element("log");
  var line = document.createElement("div");
  var author = document.createElement("span");
  author.className = "author generation-" + who.charAt(0);
  author.appendChild(document.createTextNode(who));
  line.appendChild(author);
  line.appendChild(document.createTextNode(" " + text));
  log.appendChild(line);
  if (log.childNodes.length > 100) { log.removeChild(log.firstChild); }
  log.scrollTop = log.scrollHeight;
}
