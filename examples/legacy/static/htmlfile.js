/*
 * A shim, for this demonstration only: what the transport htmlfile needs of Internet Explorer 5.5
 * to 9, for today's browsers. There, `new ActiveXObject("htmlfile")` is a document that is in no
 * window, so that the page in its frame can load for ever and no throbber turns. Here it is the
 * document of a hidden frame. The client, and the server, do what they did for Internet Explorer.
 */

if (!window.ActiveXObject) {
  window.ActiveXObject = function () {
    var frame = document.createElement("iframe");
    frame.style.display = "none";
    document.body.appendChild(frame);
    frame.contentWindow.document.parentWindow = frame.contentWindow;
    return frame.contentWindow.document;
  };
  window.CollectGarbage = function () {};
}
