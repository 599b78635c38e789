// Boost.Asio as its users write it: windows::stream_handle, async_read_some and
// async_write, one io_context that one thread runs; a server's connect by
// windows::overlapped_ptr, as its documentation shows.
#include <boost/asio.hpp>
#include <boost/asio/windows/overlapped_ptr.hpp>
#include <boost/asio/windows/stream_handle.hpp>

#include <cstring>
#include <memory>
#include <vector>

#include "../harness/bench.h"

const char bench_peer[] = "asio";

namespace {

namespace asio = boost::asio;
using boost::system::error_code;
using handle = asio::windows::stream_handle;

void check(const error_code &error, const char *what) {
  if (error) {
    bench_fail(what, static_cast<unsigned long>(error.value()));
  }
}

HANDLE create(const bench *b) {
  HANDLE made = CreateNamedPipeA(
      b->name, PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED,
      PIPE_TYPE_BYTE | PIPE_READMODE_BYTE | PIPE_REJECT_REMOTE_CLIENTS,
      PIPE_UNLIMITED_INSTANCES, BENCH_QUOTA_BYTES, BENCH_QUOTA_BYTES, 0,
      nullptr);

  if (made == INVALID_HANDLE_VALUE) {
    bench_fail("create", GetLastError());
  }
  return made;
}

HANDLE open_client(const bench *b) {
  HANDLE made = CreateFileA(
      b->name, GENERIC_READ | GENERIC_WRITE, 0, nullptr, OPEN_EXISTING,
      FILE_FLAG_OVERLAPPED | SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION,
      nullptr);

  if (made == INVALID_HANDLE_VALUE) {
    bench_fail("open", GetLastError());
  }
  return made;
}

template <typename Handler>
void connect(asio::io_context &context, handle &server, Handler handler) {
  asio::windows::overlapped_ptr overlapped(context, handler);
  const BOOL ok = ConnectNamedPipe(server.native_handle(), overlapped.get());
  const DWORD last = GetLastError();

  if (!ok && last == ERROR_IO_PENDING) {
    overlapped.release();
  } else {
    const error_code error(
        ok || last == ERROR_PIPE_CONNECTED ? 0 : static_cast<int>(last),
        asio::error::get_system_category());
    overlapped.complete(error, 0);
  }
}

struct half {
  explicit half(asio::io_context &context) : pipe(context) {
  }
  handle pipe;
  char buffer[BENCH_MESSAGE_BYTES] = {};
  std::size_t trips_left = 0;
};

void written(const error_code &error, std::size_t) {
  check(error, "write");
}

void send(half &h) {
  asio::async_write(h.pipe, asio::buffer(h.buffer), written);
}

// --- Echo -------------------------------------------------------------------

struct echo {
  explicit echo(const bench *of) : b(of) {
  }

  const bench *b;
  asio::io_context context{1};
  std::vector<std::unique_ptr<half>> servers;
  std::vector<std::unique_ptr<half>> clients;
  std::size_t running = 0;

  void serve(half &h) {
    h.pipe.async_read_some(asio::buffer(h.buffer),
                           [this, &h](const error_code &error, std::size_t) {
                             if (running == 0) {
                               return;
                             }
                             check(error, "read");
                             send(h);
                             serve(h);
                           });
  }

  void await(half &h) {
    h.pipe.async_read_some(asio::buffer(h.buffer),
                           [this, &h](const error_code &error, std::size_t) {
                             check(error, "read");
                             if (--h.trips_left > 0) {
                               send(h);
                               await(h);
                             } else if (--running == 0) {
                               bench_end(b);
                               context.stop();
                             }
                           });
  }
};

void run_echo(const bench *b) {
  // Never destroyed: the process ends.
  echo &all = *new echo(b);

  all.running = b->connections;
  for (std::size_t i = 0; i < b->connections; i++) {
    all.servers.push_back(std::make_unique<half>(all.context));
    all.clients.push_back(std::make_unique<half>(all.context));
    all.servers[i]->pipe.assign(create(b));
    all.clients[i]->pipe.assign(open_client(b));
    all.clients[i]->trips_left = b->count / b->connections;
  }
  bench_begin(b);
  for (std::size_t i = 0; i < b->connections; i++) {
    all.serve(*all.servers[i]);
    send(*all.clients[i]);
    all.await(*all.clients[i]);
  }
  all.context.run();
}

// --- Stream -----------------------------------------------------------------

struct stream {
  explicit stream(const bench *of) : b(of) {
  }

  const bench *b;
  asio::io_context context{1};
  handle server{context};
  handle client{context};
  std::vector<char> in;
  std::vector<char> out;
  std::size_t to_send = 0;
  std::size_t bytes_left = 0;

  void write() {
    asio::async_write(client, asio::buffer(out),
                      [this](const error_code &error, std::size_t) {
                        check(error, "write");
                        if (--to_send > 0) {
                          write();
                        }
                      });
  }

  void read() {
    server.async_read_some(asio::buffer(in),
                           [this](const error_code &error, std::size_t bytes) {
                             check(error, "read");
                             bytes_left -= bytes;
                             if (bytes_left > 0) {
                               read();
                             } else {
                               bench_end(b);
                               context.stop();
                             }
                           });
  }
};

void run_stream(const bench *b) {
  stream &s = *new stream(b);

  s.in.resize(b->buffer_bytes);
  s.out.resize(b->message_bytes);
  s.to_send = b->count;
  s.bytes_left = b->count * b->message_bytes;
  s.server.assign(create(b));
  s.client.assign(open_client(b));
  bench_begin(b);
  s.read();
  s.write();
  s.context.run();
}

// --- Connect ----------------------------------------------------------------

// The server reads on when it has answered, as one does that cannot know that
// no more comes.
struct visits {
  const bench *b;
  asio::io_context context{1};
  half server{context};
  half client{context};
  std::size_t left = 0;
  bool recycles = false;

  void serve() {
    server.pipe.async_read_some(asio::buffer(server.buffer),
                                [this](const error_code &error, std::size_t) {
                                  if (error) {
                                    over();  // the read that was left
                                    return;
                                  }
                                  send(server);
                                  serve();
                                });
  }

  void listen() {
    connect(context, server.pipe, [this](const error_code &error, std::size_t) {
      if (left > 0) {
        check(error, "connect");
        serve();
      }
    });
  }

  void begin() {
    if (!recycles) {
      server.pipe.assign(create(b));
    }
    client.pipe.assign(open_client(b));
    if (!recycles) {
      listen();
    }
    send(client);
    client.pipe.async_read_some(asio::buffer(client.buffer),
                                [this](const error_code &error, std::size_t) {
                                  check(error, "read");
                                  end();
                                });
  }

  void end() {
    client.pipe.close();
    left--;
    if (!recycles || left == 0) {
      server.pipe.close();
    } else {
      DisconnectNamedPipe(server.pipe.native_handle());
    }
  }

  void over() {
    if (left == 0) {
      bench_end(b);
      context.stop();
      return;
    }
    if (recycles) {
      listen();
    }
    begin();
  }
};

void run_connect(const bench *b) {
  visits &v = *new visits{b};

  v.left = b->count;
  v.recycles = b->kind == BENCH_RECYCLED;
  if (v.recycles) {
    v.server.pipe.assign(create(b));
    v.listen();
  }
  bench_begin(b);
  v.begin();
  v.context.run();
}

// --- Idle -------------------------------------------------------------------

void run_idle(const bench *b) {
  const std::size_t count = 2 * b->connections;
  asio::io_context &context = *new asio::io_context(1);
  std::vector<char> &buffers = *new std::vector<char>();
  std::vector<handle> &ends = *new std::vector<handle>();
  handle *warm[2] = {new handle(context), new handle(context)};

  buffers.resize(count * BENCH_MESSAGE_BYTES, 'x');
  warm[0]->assign(create(b));
  warm[1]->assign(open_client(b));
  bench_begin(b);
  ends.reserve(count);
  for (std::size_t i = 0; i < count; i++) {
    ends.emplace_back(context, i % 2 == 0 ? create(b) : open_client(b));
  }
  for (std::size_t i = 0; i < count; i++) {
    ends[i].async_read_some(
        asio::buffer(&buffers[i * BENCH_MESSAGE_BYTES], BENCH_MESSAGE_BYTES),
        written);
  }
  context.poll();
  bench_end(b);
}

// --- The server alone: its clients are other processes ----------------------

struct guest {
  explicit guest(asio::io_context &context) : pipe(context) {
  }
  handle pipe;
  std::vector<char> buffer;
  std::size_t have = 0;  // bytes of the request that is coming
  std::size_t trips_left = 0;
};

struct alone {
  explicit alone(const bench *of) : b(of) {
  }

  const bench *b;
  asio::io_context context{1};
  std::vector<std::unique_ptr<guest>> guests;
  std::size_t guests_awaited = 0;
  std::size_t trips_left = 0;  // of all guests
  bool begun = false;

  void open(std::size_t count) {
    for (std::size_t i = 0; i < count; i++) {
      guests.push_back(std::make_unique<guest>(context));
      guests[i]->pipe.assign(create(b));
      guests[i]->buffer.resize(b->buffer_bytes);
      guests[i]->trips_left = b->count / b->connections;
    }
    guests_awaited = count;
    trips_left = b->count / b->connections * b->connections;
  }

  // Calls `asked` when the request is whole.
  template <typename Asked>
  void read(guest &g, Asked asked) {
    g.pipe.async_read_some(
        asio::buffer(g.buffer.data() + g.have, g.buffer.size() - g.have),
        [this, &g, asked](const error_code &error, std::size_t bytes) {
          g.have += bytes;
          if (!error && !bench_is_whole(b, g.buffer.data(), g.have)) {
            read(g, asked);
            return;
          }
          g.have = 0;
          asked(error);
        });
  }

  void answer(guest &g) {
    asio::async_write(g.pipe, asio::buffer(g.buffer.data(), b->message_bytes),
                      written);
  }

  void over() {
    if (--trips_left == 0) {
      bench_end(b);
      bench_clients_wait();
      context.stop();
    }
  }

  void serve(guest &g) {
    read(g, [this, &g](const error_code &error) {
      check(error, "read");
      answer(g);
      if (--g.trips_left > 0) {
        serve(g);
      }
      over();
    });
  }

  // Nothing is read before the last client is there.
  void await(guest &g) {
    connect(context, g.pipe, [this](const error_code &error, std::size_t) {
      check(error, "connect");
      if (--guests_awaited > 0) {
        return;
      }
      bench_begin(b);
      for (auto &each : guests) {
        serve(*each);
      }
    });
  }

  void attend(guest &g) {
    read(g, [this, &g](const error_code &error) {
      if (error) {
        if (error.value() != ERROR_BROKEN_PIPE) {
          check(error, "read");
        }
        over();
        if (trips_left > 0) {
          DisconnectNamedPipe(g.pipe.native_handle());
          admit(g);
        }
        return;
      }
      answer(g);
      attend(g);
    });
  }

  void admit(guest &g) {
    connect(context, g.pipe, [this, &g](const error_code &error, std::size_t) {
      check(error, "connect");
      if (!begun) {
        begun = true;
        bench_begin(b);
      }
      attend(g);
    });
  }
};

void run_server(const bench *b) {
  alone &s = *new alone(b);

  s.open(b->connections);
  for (auto &g : s.guests) {
    s.await(*g);
  }
  s.context.run();
}

void run_visits(const bench *b) {
  alone &s = *new alone(b);

  s.open(BENCH_INSTANCES);
  for (auto &g : s.guests) {
    s.admit(*g);
  }
  s.context.run();
}

}  // namespace

bool bench_has(const bench *b) {
  return std::strcmp(b->way, "byte") == 0;
}

void bench_run(const bench *b) {
  switch (b->kind) {
    case BENCH_ECHO:
      run_echo(b);
      break;
    case BENCH_STREAM:
      run_stream(b);
      break;
    case BENCH_CONNECT:
    case BENCH_RECYCLED:
      run_connect(b);
      break;
    case BENCH_IDLE:
      run_idle(b);
      break;
    case BENCH_SERVER:
      run_server(b);
      break;
    case BENCH_VISITS:
      run_visits(b);
      break;
  }
}
