using System.Diagnostics;
using System.Net;
using LiteNetLib;

namespace NexStream.Peers.LiteNet;

/// <summary>Counts messages, or sends each back.</summary>
internal sealed class LiteNetReceiver : LiteNetEnd
{
    private readonly byte[] _answer;
    private volatile bool _over;

    public LiteNetReceiver(LiteNetOptions options)
        : base(options)
    {
        _answer = new byte[options.Size];
        Listener.ConnectionRequestEvent += request => request.Accept();
        Listener.NetworkReceiveEvent += (peer, reader, _, _) =>
        {
            Take(reader);
            if (Options.Ping)
            {
                peer.Send(_answer, DeliveryMethod.ReliableOrdered);
            }
            else
            {
                Messages++;
            }
        };
    }

    public int Port => Manager.LocalPort;

    /// <summary>Read after the thread has ended.</summary>
    public long Messages { get; private set; }

    /// <summary>When the last message had been taken, in ticks of the stopwatch.</summary>
    public long LastMessage { get; private set; } = Stopwatch.GetTimestamp();

    public void Start()
    {
        if (!Manager.StartInManualMode(IPAddress.Loopback, IPAddress.IPv6Loopback, 0))
        {
            throw new InvalidOperationException("no socket");
        }
    }

    public void Loop()
    {
        while (!_over)
        {
            long before = Messages;
            Turn();
            if (Messages != before)
            {
                LastMessage = Stopwatch.GetTimestamp();
            }
        }

        Manager.Stop();
    }

    public void Stop() => _over = true;
}
