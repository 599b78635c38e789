"use strict";
/* node adapter.js server|client NAME byte echo|send:N|sink
 *
 * Node's module net as a subject of npipe-subjects, used as its documentation
 * shows it. Node has no pipes in message mode. The program ends when nothing is
 * left to wait for: it calls no process.exit.
 *
 * Contract: docs/subjects.md. */
const net = require("net");

const CODE_ABSENT = 4;
const CODE_READ_ERROR = 5;

const [role, name, mode, kind] = process.argv.slice(2);
const sockets = new Set();
let server = null;
let stopping = false;

function begin(socket) {
  if (kind === "echo") {
    socket.pipe(socket);
  } else if (kind === "sink") {
    let total = 0;
    socket.on("data", (bytes) => { total += bytes.length; });
    socket.on("end", () => { process.stdout.write(`end ${total}\n`); });
  } else {
    const length = Number(kind.slice("send:".length));
    socket.resume(); // only a socket that is read tells its end
    socket.end(Buffer.from(Array.from({ length }, (_, i) => i % 251)));
  }
}

function add(socket) {
  sockets.add(socket);
  socket.on("close", () => {
    sockets.delete(socket);
    if (role === "client") {
      process.stdin.destroy();
    }
  });
}

function stop() {
  stopping = true;
  if (server) {
    server.close();
  }
  for (const socket of sockets) {
    socket.destroy();
  }
}

if (mode !== "byte" || !/^(echo|sink|send:\d+)$/.test(kind)) {
  process.stderr.write(
    "usage: adapter.js server|client NAME byte echo|send:N|sink\n");
  process.exitCode = 2;
} else {
  process.stdin.on("end", stop);
  process.stdin.resume();
  if (role === "server") {
    server = net.createServer((socket) => {
      add(socket);
      socket.on("error", () => {}); // "close" follows
      begin(socket);
    });
    server.listen(name, () => { process.stdout.write("ready\n"); });
  } else {
    let connected = false;
    const socket = net.connect(name, () => {
      connected = true;
      begin(socket);
    });
    add(socket);
    socket.on("error", (error) => {
      // A write to a server that has left is no error of a read.
      if (!stopping && error.syscall !== "write") {
        process.exitCode = connected ? CODE_READ_ERROR : CODE_ABSENT;
      }
    });
  }
}
