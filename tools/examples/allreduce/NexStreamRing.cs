using System.Net;
using NexStream.Core.Primitives;
using NexStream.Driver.Hosting;

namespace NexStream.Examples.AllReduce;

/// <summary>The ring over NexStream: a block is a Reliable-Unordered message, so that one that was lost holds up no other.</summary>
internal sealed class NexStreamRing(NexStreamHost host, NexStreamStream next, NexStreamStream previous) : IRing
{
    public static async Task<NexStreamRing> JoinAsync(NexStreamHost host, int nextPort)
    {
        ValueTask<NexStreamConnection> accepting = host.AcceptAsync();
        NexStreamConnection connection = await host.ConnectAsync(new IPEndPoint(IPAddress.Loopback, nextPort));
        NexStreamStream next = await connection.OpenStreamAsync(TransportMode.ReliableUnordered);

        // A stream is opened by its first message.
        await next.SendAsync(new byte[1]);
        NexStreamStream previous = await (await accepting).AcceptStreamAsync();
        await previous.ReceiveAsync(new byte[1]);
        return new NexStreamRing(host, next, previous);
    }

    public ValueTask SendAsync(ReadOnlyMemory<byte> block) => next.SendAsync(block);

    public async ValueTask ReceiveAsync(Memory<byte> block)
    {
        if (await previous.ReceiveAsync(block) == 0)
        {
            throw new EndOfStreamException("The process before this one ended too early.");
        }
    }

    public async ValueTask DisposeAsync()
    {
        // What this process sent last may still be under way: closing waits for it.
        await next.Connection.CloseAsync();
        await host.DisposeAsync();
    }
}
