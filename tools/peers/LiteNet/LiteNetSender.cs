using System.Diagnostics;
using System.Globalization;
using System.Net;
using LiteNetLib;

namespace NexStream.Peers.LiteNet;

/// <summary>Sends as fast as the library takes it, or one message after the other.</summary>
internal sealed class LiteNetSender : LiteNetEnd
{
    // Enough that the library's own window of 64 packets is always full.
    private const int QueuedMax = 256;

    private static readonly TimeSpan s_connectLimit = TimeSpan.FromSeconds(5);

    private readonly List<double> _tripsUs = [];
    private int _answers;

    public LiteNetSender(LiteNetOptions options)
        : base(options)
    {
        Listener.NetworkReceiveEvent += (_, reader, _, _) =>
        {
            Take(reader);
            _answers++;
        };
    }

    private NetPeer Peer => (NetPeer)Manager.FirstPeer;

    public void Connect(int port)
    {
        if (!Manager.StartInManualMode(IPAddress.Loopback, IPAddress.IPv6Loopback, 0))
        {
            throw new InvalidOperationException("no socket");
        }

        Manager.Connect(new IPEndPoint(IPAddress.Loopback, port), string.Empty);
        long begin = Stopwatch.GetTimestamp();
        while (Manager.ConnectedPeersCount == 0)
        {
            Turn();
            if (Stopwatch.GetElapsedTime(begin) > s_connectLimit)
            {
                throw new TimeoutException("no connection");
            }
        }
    }

    public void Flood(double seconds)
    {
        byte[] message = new byte[Options.Size];
        NetPeer peer = Peer;
        long begin = Stopwatch.GetTimestamp();
        for (byte round = 0; Stopwatch.GetElapsedTime(begin).TotalSeconds < seconds; Turn())
        {
            while (peer.GetPacketsCountInReliableQueue(true) < QueuedMax)
            {
                if (Options.Touch)
                {
                    Touch(message, unchecked(round++));
                }

                peer.Send(message, DeliveryMethod.ReliableOrdered);
            }
        }
    }

    public void Ping(double seconds)
    {
        _tripsUs.Clear();
        byte[] message = new byte[Options.Size];
        NetPeer peer = Peer;
        long begin = Stopwatch.GetTimestamp();
        for (long sent = begin; Stopwatch.GetElapsedTime(begin, sent).TotalSeconds < seconds;)
        {
            int before = _answers;
            peer.Send(message, DeliveryMethod.ReliableOrdered);
            while (_answers == before)
            {
                Turn();
            }

            long back = Stopwatch.GetTimestamp();
            _tripsUs.Add(Stopwatch.GetElapsedTime(sent, back).TotalMicroseconds);
            sent = back;
        }
    }

    /// <summary>The line of JSON for round trips.</summary>
    public string PingLine()
    {
        _tripsUs.Sort();
        return string.Create(
            CultureInfo.InvariantCulture,
            $"{{\"peer\":\"litenetlib\",\"case\":\"reliable-ping\",\"size\":{Options.Size},\"p50_us\":{_tripsUs[_tripsUs.Count / 2]:F3},"
            + $"\"p99_us\":{_tripsUs[_tripsUs.Count * 99 / 100]:F3}}}");
    }

    public void Close() => Manager.Stop();
}
