/*
 * The transport xhr-multipart for the client 0.9: messages come as the parts of one response that
 * does not end (multipart/x-mixed-replace), what is said goes out by POST as with xhr-polling.
 *
 * Firefox had `multipart = true` for this until version 22, which no other browser took over. So
 * this one reads the text that has come so far, which every browser with progress events shows
 * (readyState 3), and finds the parts itself. The browser keeps that text until the connection ends.
 *
 * Load it after the client, and name the transport on the server.
 */

(function () {
  var XHR = io.Transport.XHR;

  function XHRMultipart() {
    XHR.apply(this, arguments);
  }

  io.util.inherit(XHRMultipart, XHR);

  XHRMultipart.prototype.name = "xhr-multipart";

  XHRMultipart.prototype.get = function () {
    var self = this;
    var xhr = this.request("GET");
    var start = 0; // of the part that is not whole yet

    this.xhr = xhr;
    xhr.onreadystatechange = function () {
      if (xhr !== self.xhr || xhr.readyState < 3) { return; }
      start = self.read(xhr.responseText, start);
      // One of the messages may have closed it.
      if (xhr === self.xhr && xhr.readyState === 4) { self.onClose(); }
    };
    xhr.send(null);
  };

  // Hand on every part that is whole, and return where the next one begins.
  XHRMultipart.prototype.read = function (text, start) {
    var line = text.indexOf("\n");
    if (line < 0) { return start; }
    var boundary = text.substring(0, line); // the first line, of the form "--boundary"
    if (!start) { start = line + 1; }
    var end = text.indexOf("\n" + boundary + "\n", start);
    while (end >= 0) {
      this.onData(text.substring(text.indexOf("\n\n", start) + 2, end));
      start = end + boundary.length + 2;
      end = text.indexOf("\n" + boundary + "\n", start);
    }
    return start;
  };

  XHRMultipart.prototype.abort = function () {
    var xhr = this.xhr;
    this.xhr = null;
    if (xhr) { xhr.abort(); }
  };

  XHRMultipart.prototype.onClose = function () {
    this.abort();
    XHR.prototype.onClose.call(this);
  };

  // The methods of the class, as the transports of the client have them.
  XHRMultipart.check = XHR.check;
  XHRMultipart.xdomainCheck = XHR.xdomainCheck;

  io.Transport["xhr-multipart"] = XHRMultipart;
  io.transports.push("xhr-multipart");
})();
