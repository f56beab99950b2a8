using System.Net;
using System.Net.Sockets;

namespace NexStream.Examples.AllReduce;

/// <summary>The same ring over the kernel's TCP.</summary>
internal sealed class TcpRing(TcpClient next, TcpClient previous) : IRing
{
    public static async Task<TcpRing> JoinAsync(TcpListener listener, int nextPort)
    {
        TcpClient next = new() { NoDelay = true };
        Task<TcpClient> accepting = listener.AcceptTcpClientAsync();
        await next.ConnectAsync(IPAddress.Loopback, nextPort);
        return new TcpRing(next, await accepting);
    }

    public ValueTask SendAsync(ReadOnlyMemory<byte> block) => next.GetStream().WriteAsync(block);

    public ValueTask ReceiveAsync(Memory<byte> block) => previous.GetStream().ReadExactlyAsync(block);

    public ValueTask DisposeAsync()
    {
        next.Dispose();
        previous.Dispose();
        return ValueTask.CompletedTask;
    }
}
