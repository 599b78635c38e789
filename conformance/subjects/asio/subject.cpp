// subject-asio server|client NAME byte|message echo|send:N|sink
// subject-asio version
//
// Boost.Asio as a subject of npipe-subjects: windows::stream_handle on handles
// of CreateNamedPipe and CreateFile, the wait for a client by
// windows::overlapped_ptr, as its documentation shows. stream_handle::close
// stops an operation; io_context::run returns when none is left.
//
// Contract: docs/subjects.md.
#include <boost/asio.hpp>
#include <boost/asio/windows/overlapped_ptr.hpp>
#include <boost/asio/windows/stream_handle.hpp>
#include <boost/version.hpp>

#include <cstdio>
#include <memory>
#include <set>
#include <string>
#include <vector>

namespace asio = boost::asio;
using boost::system::error_code;

namespace {

enum { CHUNK = 65536, CODE_ABSENT = 4, CODE_READ_ERROR = 5, BUSY_MS = 50 };

asio::io_context context{1};
asio::steady_timer timer{context};
auto work = asio::make_work_guard(context);  // the input may end
std::string name, kind;
bool message, is_server, stopping;
int code;

struct session : std::enable_shared_from_this<session> {
  static std::set<std::shared_ptr<session>> all;
  asio::windows::stream_handle pipe{context};
  std::vector<char> data = std::vector<char>(CHUNK);
  std::size_t length = 0;  // bytes of the message that are there
  unsigned long long total = 0;

  explicit session(HANDLE handle) {
    pipe.assign(handle);
  }
  static std::shared_ptr<session> make(HANDLE handle) {
    return *all.insert(std::make_shared<session>(handle)).first;
  }
  void end(const error_code &error) {
    if (error && error != asio::error::eof && !is_server && !stopping) {
      code = CODE_READ_ERROR;
    }
    error_code ignored;
    pipe.close(ignored);
    all.erase(shared_from_this());
  }
  void begin() {
    if (kind.rfind("send:", 0) == 0) {
      length = std::stoul(kind.substr(5));
      data.resize(length + 1);
      for (std::size_t i = 0; i < length; i++) {
        data[i] = static_cast<char>(i % 251);
      }
      write();
    } else {
      read();
    }
  }
  void read() {
    if (data.size() - length < CHUNK) {
      data.resize(2 * data.size());
    }
    auto self = shared_from_this();
    pipe.async_read_some(
        asio::buffer(&data[length], CHUNK),
        [this, self](const error_code &error, std::size_t bytes) {
          bool more = error.value() == ERROR_MORE_DATA;  // of this message
          if (kind == "sink" && (error == asio::error::eof ||
                                 error == asio::error::broken_pipe)) {
            std::printf("end %llu\n", total);
            std::fflush(stdout);
          }
          if (error && !more) {
            end(error);
            return;
          }
          length += bytes;
          total += bytes;
          if (more) {
            read();
          } else if (kind == "sink") {
            length = 0;
            read();
          } else {
            write();
          }
        });
  }
  // A message is one operation; async_write may split it.
  void write() {
    auto self = shared_from_this();
    auto done = [this, self](const error_code &error, std::size_t) {
      if (error || kind != "echo") {
        end(error);
        return;
      }
      length = 0;
      read();
    };
    if (message) {
      pipe.async_write_some(asio::buffer(data.data(), length), done);
    } else {
      asio::async_write(pipe, asio::buffer(data.data(), length), done);
    }
  }
};
std::set<std::shared_ptr<session>> session::all;

void listen(DWORD first) {
  HANDLE made = CreateNamedPipeA(
      name.c_str(), PIPE_ACCESS_DUPLEX | FILE_FLAG_OVERLAPPED | first,
      (message ? PIPE_TYPE_MESSAGE | PIPE_READMODE_MESSAGE : PIPE_TYPE_BYTE) |
          PIPE_REJECT_REMOTE_CLIENTS,
      PIPE_UNLIMITED_INSTANCES, CHUNK, CHUNK, 0, nullptr);
  if (made == INVALID_HANDLE_VALUE) {
    std::exit(3);
  }
  auto next = session::make(made);
  asio::windows::overlapped_ptr overlapped(
      context, [next](const error_code &error, std::size_t) {
        if (stopping) {
          return;
        }
        listen(0);
        if (error) {
          next->end(error);
        } else {
          next->begin();
        }
      });
  const BOOL ok = ConnectNamedPipe(made, overlapped.get());
  const DWORD last = GetLastError();
  if (ok || last == ERROR_IO_PENDING) {
    overlapped.release();  // the completion comes
  } else {
    error_code error(last == ERROR_PIPE_CONNECTED ? 0 : static_cast<int>(last),
                     asio::error::get_system_category());
    overlapped.complete(error, 0);
  }
}

// connect asks again while the pipe is busy; the timer waits between.
void connect() {
  HANDLE made = CreateFileA(
      name.c_str(), GENERIC_READ | GENERIC_WRITE, 0, nullptr, OPEN_EXISTING,
      FILE_FLAG_OVERLAPPED | SECURITY_SQOS_PRESENT | SECURITY_IDENTIFICATION,
      nullptr);
  DWORD mode = PIPE_READMODE_MESSAGE;
  if (made == INVALID_HANDLE_VALUE && GetLastError() == ERROR_PIPE_BUSY) {
    timer.expires_after(std::chrono::milliseconds(BUSY_MS));
    timer.async_wait([](const error_code &) {
      if (!stopping) {
        connect();
      }
    });
  } else if (made == INVALID_HANDLE_VALUE) {
    code = CODE_ABSENT;
  } else if (message &&
             !SetNamedPipeHandleState(made, &mode, nullptr, nullptr)) {
    CloseHandle(made);  // the server has left already
  } else {
    session::make(made)->begin();
  }
}

// The thread that waits for the end of standard input.
DWORD WINAPI input_main(void *) {
  char bytes[64];
  DWORD done = 0;
  while (ReadFile(GetStdHandle(STD_INPUT_HANDLE), bytes, sizeof(bytes), &done,
                  nullptr) &&
         done > 0) {
  }
  asio::post(context, [] {
    stopping = true;
    timer.cancel();
    for (auto &one : session::all) {
      error_code ignored;
      one->pipe.close(ignored);
    }
    work.reset();
  });
  return 0;
}

}  // namespace

int main(int argc, char **argv) {
  if (argc == 2 && std::string(argv[1]) == "version") {
    std::printf("%d.%d\n", BOOST_VERSION / 100000, BOOST_VERSION / 100 % 1000);
    return 0;
  }
  if (argc < 5) {
    return 2;
  }
  is_server = std::string(argv[1]) == "server";
  name = argv[2];
  message = std::string(argv[3]) == "message";
  kind = argv[4];
  CloseHandle(CreateThread(nullptr, 0, input_main, nullptr, 0, nullptr));
  if (is_server) {
    listen(FILE_FLAG_FIRST_PIPE_INSTANCE);
    std::puts("ready");
    std::fflush(stdout);
  } else {
    connect();
    work.reset();  // a client ends with its connection
  }
  context.run();
  // The thread may still wait for input, so nothing is destroyed.
  std::fflush(nullptr);
  TerminateProcess(GetCurrentProcess(), static_cast<UINT>(code));
}
