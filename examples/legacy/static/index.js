/* The page with all of them, and its field for what every frame's client says. */

var frames = document.getElementsByTagName("iframe");

// Not before: the frame of htmlfile loads for ever, and with it what has not been loaded by then.
window.onload = function () {
  for (var i = 0; i < frames.length; i++) {
    frames[i].src = frames[i].getAttribute("data-src");
  }
};

document.getElementById("everyone").onsubmit = function () {
  var field = document.getElementById("text");
  for (var i = 0; field.value && i < frames.length; i++) {
    frames[i].contentWindow.postMessage(field.value, "*");
  }
  field.value = "";
  return false;
};
