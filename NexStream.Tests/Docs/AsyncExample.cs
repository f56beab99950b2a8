using System.Net;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Driver.Hosting;

namespace NexStream.Tests.Docs;

#region ASYNC
/// <summary>A server that sends every byte back, and a client that asks it.</summary>
internal static class AsyncEcho
{
    public static async Task ServeAsync(NexStreamHost host, CancellationToken stop)
    {
        while (true)
        {
            NexStreamConnection connection = await host.AcceptAsync(stop);
            _ = Task.Run(async () =>
            {
                try
                {
                    while (true)
                    {
                        NexStreamStream stream = await connection.AcceptStreamAsync(stop);
                        _ = EchoAsync(stream);
                    }
                }
                catch (NexStreamException)
                {
                    // The connection is over.
                }
            }, stop);
        }
    }

    public static async Task<byte[]> AskAsync(IPEndPoint server, byte[] question)
    {
        await using NexStreamHost host = NexStreamHost.OpenUdp();
        NexStreamConnection connection = await host.ConnectAsync(server);
        NexStreamStream stream = await connection.OpenStreamAsync(TransportMode.ReliableOrdered);
        await stream.SendAsync(question);
        await stream.FinishAsync();

        using MemoryStream answer = new();
        await stream.AsStream().CopyToAsync(answer);
        DrainReport report = await connection.CloseAsync();
        return report.IsClean ? answer.ToArray() : throw new IOException($"{report.UndeliveredBytes} bytes were not delivered.");
    }

    private static async Task EchoAsync(NexStreamStream stream)
    {
        byte[] buffer = new byte[16 * 1024];
        for (int count = await stream.ReceiveAsync(buffer); count > 0; count = await stream.ReceiveAsync(buffer))
        {
            await stream.SendAsync(buffer.AsMemory(0, count));
        }

        await stream.FinishAsync();
    }
}
#endregion
