//! subject-tokio server|client NAME byte|message echo|send:N|sink
//!
//! Tokio as a subject of npipe-subjects, used as the documentation of
//! tokio::net::windows::named_pipe shows it: a task for each connection, the next
//! instance is created before the client of this one is served, a client asks again
//! while the pipe is busy. A pipe is closed by dropping it.
//!
//! Contract: docs/subjects.md.
use std::io::{self, ErrorKind, Read};
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};
use tokio::net::windows::named_pipe::{ClientOptions, NamedPipeClient, PipeMode, ServerOptions};
use tokio::sync::watch;

const ERROR_PIPE_BUSY: i32 = 231;
const CHUNK: usize = 65536;
const CODE_FAILED: i32 = 3;
const CODE_ABSENT: i32 = 4;
const CODE_READ_ERROR: i32 = 5;

/// Tokio has no call for a part of a message: one read is one message.
async fn serve<P>(mut pipe: P, kind: &str) -> io::Result<()>
where
    P: AsyncRead + AsyncWrite + Unpin,
{
    if let Some(length) = kind.strip_prefix("send:") {
        let length: usize = length.parse().unwrap_or(0);
        let data: Vec<u8> = (0..length).map(|i| (i % 251) as u8).collect();
        pipe.write_all(&data).await?;
        return pipe.shutdown().await;
    }
    let mut data = vec![0; CHUNK];
    let mut total = 0;
    loop {
        let count = pipe.read(&mut data).await?;
        if count == 0 {
            break;
        }
        total += count;
        if kind == "echo" {
            pipe.write_all(&data[..count]).await?;
        }
    }
    if kind == "sink" {
        println!("end {total}");
    }
    Ok(())
}

fn mode(message: bool) -> PipeMode {
    if message {
        PipeMode::Message
    } else {
        PipeMode::Byte
    }
}

async fn server(name: &str, kind: &'static str, message: bool) -> io::Result<()> {
    let mut options = ServerOptions::new();
    options.pipe_mode(mode(message));
    let mut next = options.clone().first_pipe_instance(true).create(name)?;
    println!("ready");
    loop {
        let connected = next.connect().await;
        let pipe = std::mem::replace(&mut next, options.create(name)?);
        if connected.is_ok() {
            tokio::spawn(async move {
                let _ = serve(pipe, kind).await;
            });
        }
    }
}

async fn connect(name: &str, message: bool) -> io::Result<NamedPipeClient> {
    loop {
        match ClientOptions::new().pipe_mode(mode(message)).open(name) {
            Err(e) if e.raw_os_error() == Some(ERROR_PIPE_BUSY) => {
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
            other => return other,
        }
    }
}

async fn run(server_side: bool, name: String, kind: &'static str, message: bool) -> i32 {
    if server_side {
        return server(&name, kind, message)
            .await
            .map_or(CODE_FAILED, |_| 0);
    }
    match connect(&name, message).await {
        Err(_) => CODE_ABSENT,
        Ok(pipe) => match serve(pipe, kind).await {
            // A server that has left is the end for a write, too.
            Err(e) if e.kind() != ErrorKind::BrokenPipe => CODE_READ_ERROR,
            _ => 0,
        },
    }
}

fn main() {
    let args: Vec<String> = std::env::args().collect();
    if args.len() < 5 {
        eprintln!("usage: subject-tokio server|client NAME byte|message echo|send:N|sink");
        std::process::exit(2);
    }
    let kind: &'static str = Box::leak(args[4].clone().into_boxed_str());
    let message = args[3] == "message";
    let (stop, mut stopped) = watch::channel(false);
    std::thread::spawn(move || {
        let mut bytes = [0; 64];
        while matches!(io::stdin().read(&mut bytes), Ok(n) if n > 0) {}
        let _ = stop.send(true);
    });
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .expect("a runtime");
    // What is still open is dropped with the runtime.
    let code = runtime.block_on(async {
        tokio::select! {
            code = run(args[1] == "server", args[2].clone(), kind, message) => code,
            _ = stopped.changed() => 0,
        }
    });
    drop(runtime);
    std::process::exit(code);
}
