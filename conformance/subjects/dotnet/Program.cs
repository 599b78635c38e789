// subject-dotnet server|client NAME byte|message echo|send:N|sink
//
// .NET as a subject of npipe-subjects, used as the documentation of System.IO.Pipes
// shows it: a NamedPipeServerStream for each client, WaitForConnectionAsync, ReadAsync
// and WriteAsync with a CancellationToken, and Dispose. A read of 0 bytes is the end of
// the stream; in message mode IsMessageComplete tells the end of a message.
//
// Contract: docs/subjects.md.
using System.IO.Pipes;

const int Chunk = 65536;
const int Failed = 3, Absent = 4, ReadError = 5;
const int AbsentMs = 2000;

if (args.Length < 4)
{
    Console.Error.WriteLine(
        "usage: subject-dotnet server|client NAME byte|message echo|send:N|sink");
    return 2;
}
bool message = args[2] == "message";
string kind = args[3];
string name = args[1].Replace(@"\\.\pipe\", ""); // .NET takes the name alone
using var stop = new CancellationTokenSource();
_ = Task.Run(() =>
{
    var input = Console.OpenStandardInput();
    var bytes = new byte[64];
    while (input.Read(bytes) > 0) { }
    stop.Cancel();
});
return args[0] == "server" ? await Server() : await Client();

async Task Serve(PipeStream pipe)
{
    if (kind.StartsWith("send:"))
    {
        var sent = new byte[int.Parse(kind["send:".Length..])];
        for (int i = 0; i < sent.Length; i++)
        {
            sent[i] = (byte)(i % 251);
        }
        await pipe.WriteAsync(sent, stop.Token);
        return;
    }
    var data = new byte[Chunk];
    long total = 0;
    for (; ; )
    {
        int length = 0;
        int count;
        do
        {
            if (length == data.Length)
            {
                Array.Resize(ref data, 2 * data.Length);
            }
            count = await pipe.ReadAsync(data.AsMemory(length), stop.Token);
            length += count;
        } while (message && count > 0 && !pipe.IsMessageComplete);
        // In message mode .NET tells an empty message as it tells the end, but
        // the stream is connected still.
        if (length == 0 && !(message && pipe.IsConnected))
        {
            break;
        }
        total += length;
        if (kind == "echo")
        {
            await pipe.WriteAsync(data.AsMemory(0, length), stop.Token);
        }
    }
    if (kind == "sink")
    {
        Console.WriteLine($"end {total}");
    }
}

NamedPipeServerStream Create() => new(
    name, PipeDirection.InOut, NamedPipeServerStream.MaxAllowedServerInstances,
    message ? PipeTransmissionMode.Message : PipeTransmissionMode.Byte,
    PipeOptions.Asynchronous, Chunk, Chunk);

async Task<int> Server()
{
    var served = new List<Task>();
    var next = Create();
    Console.WriteLine("ready");
    while (!stop.IsCancellationRequested)
    {
        var pipe = next;
        bool connected = true;
        try
        {
            await pipe.WaitForConnectionAsync(stop.Token);
        }
        catch (IOException)
        {
            connected = false; // this client has left already
        }
        catch (OperationCanceledException)
        {
            await pipe.DisposeAsync();
            break;
        }
        next = Create();
        served.RemoveAll(task => task.IsCompleted);
        served.Add(connected ? Use(pipe) : pipe.DisposeAsync().AsTask());
    }
    await Task.WhenAll(served);
    return 0;

    async Task Use(NamedPipeServerStream pipe)
    {
        await using (pipe)
        {
            try
            {
                await Serve(pipe);
            }
            catch (Exception e) when (e is IOException or OperationCanceledException)
            {
            }
        }
    }
}

async Task<int> Client()
{
    await using var pipe = new NamedPipeClientStream(
        ".", name, PipeDirection.InOut, PipeOptions.Asynchronous,
        System.Security.Principal.TokenImpersonationLevel.Identification);
    try
    {
        await pipe.ConnectAsync(AbsentMs, stop.Token); // it waits while the pipe is busy
        if (message)
        {
            pipe.ReadMode = PipeTransmissionMode.Message;
        }
    }
    catch (OperationCanceledException)
    {
        return 0;
    }
    catch (Exception e) when (e is TimeoutException or IOException)
    {
        return e is TimeoutException ? Absent : Failed;
    }
    try
    {
        await Serve(pipe);
    }
    catch (OperationCanceledException)
    {
    }
    catch (IOException)
    {
        return ReadError;
    }
    return 0;
}
