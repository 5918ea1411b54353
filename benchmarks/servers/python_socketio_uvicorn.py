"""python-socketio on asyncio, with uvicorn and its fast parts (uvloop, httptools)."""

import socket

import socketio
import uvicorn

io = socketio.AsyncServer(async_mode="asgi")


@io.on("echo")
async def echo(sid, value):
    return value


@io.on("shout")
async def shout(sid, value):
    await io.emit("news", value)


listener = socket.socket()
listener.bind(("127.0.0.1", 0))
listener.listen(2048)
print(listener.getsockname()[1], flush=True)
config = uvicorn.Config(socketio.ASGIApp(io), log_level="error", access_log=False)
uvicorn.Server(config).run(sockets=[listener])
