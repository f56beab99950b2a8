using System.Net;
using NexStream.Core.Config;
using NexStream.Core.Primitives;
using NexStream.Driver.Hosting;

// echo: a server and a client in one process, over UDP. The client sends messages in all four modes and says what came back.
const int Messages = 200;
const int Length = 500;

await using NexStreamHost server = NexStreamHost.OpenUdp(new IPEndPoint(IPAddress.Loopback, 0));
_ = ServeAsync(server);
await using NexStreamHost host = NexStreamHost.OpenUdp(new IPEndPoint(IPAddress.Loopback, 0));
NexStreamConnection connection = await host.ConnectAsync(server.LocalEndPoint!);
foreach (TransportMode mode in Enum.GetValues<TransportMode>())
{
    NexStreamStream stream = await connection.OpenStreamAsync(new StreamConfig(mode));
    Console.WriteLine($"{mode}: {await AskAsync(stream)} of {Messages * Length} bytes came back");
}

return (await connection.CloseAsync()).UndeliveredBytes == 0 ? 0 : 1;

static async Task ServeAsync(NexStreamHost server)
{
    NexStreamConnection connection = await server.AcceptAsync();
    try
    {
        while (true)
        {
            _ = EchoAsync(await connection.AcceptStreamAsync());
        }
    }
    catch (NexStreamException)
    {
        // The client has closed.
    }
}

// Bytes and messages alike: what one receive gives is sent as it came.
static async Task EchoAsync(NexStreamStream stream)
{
    byte[] buffer = new byte[64 * 1024];
    for (int count = await stream.ReceiveAsync(buffer); count > 0; count = await stream.ReceiveAsync(buffer))
    {
        await stream.SendAsync(buffer.AsMemory(0, count));
    }

    await stream.FinishAsync();
}

static async Task<int> AskAsync(NexStreamStream stream)
{
    Task sending = Task.Run(async () =>
    {
        for (int i = 0; i < Messages; i++)
        {
            await stream.SendAsync(new byte[Length]);
        }

        await stream.FinishAsync();
    });
    int total = 0;
    byte[] buffer = new byte[64 * 1024];
    for (int count = await stream.ReceiveAsync(buffer); count > 0; count = await stream.ReceiveAsync(buffer))
    {
        total += count;
    }

    await sending;
    return total;
}
