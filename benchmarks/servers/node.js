// Socket.IO's own server, on its default options.
const server = require("http").createServer((request, response) => response.end("hello world"));
const io = new (require("socket.io").Server)(server, {
    allowEIO3: true,
    perMessageDeflate: process.argv.includes("deflate"),
});

io.on("connection", (socket) => {
    socket.on("echo", (value, ack) => ack(value));
    socket.on("shout", (value) => io.emit("news", value));
    socket.on("enter", (entered) => { socket.join("room"); entered(); });
    socket.on("tell", (value) => io.to("room").emit("news", value));
});
server.listen(0, "127.0.0.1", 4096, () => console.log(server.address().port));
