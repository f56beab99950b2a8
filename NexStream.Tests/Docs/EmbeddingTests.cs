using System.Globalization;
using System.Net;
using System.Text.RegularExpressions;
using NexStream.Core;
using NexStream.Core.Buffers;
using NexStream.Core.Config;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Core.Wire;

namespace NexStream.Tests.Docs;

/// <summary>What docs/embedding.md shows does what the page says.</summary>
[TestFixture]
[CancelAfter(60_000)]
internal sealed partial class EmbeddingTests
{
    private const int TotalBytes = 1_500_000;

    private static readonly NodeId s_client = new(0xC, 1);
    private static readonly NodeId s_server = new(0x5, 2);
    private static readonly TimeSpan s_tick = TimeSpan.FromSeconds(1) / 60;

    private static readonly ConnectionConfig s_small = new() { SendBuffer = 10_000, StreamReceiveWindow = 60_000, StreamReceiveWindowMax = 60_000, StreamMessageWindow = 16, StreamMessageWindowMax = 16 };

    [Test]
    public void EchoLoop_MessageSent_ComesBack()
    {
        LoopPair pair = new(Config(s_server));
        pair.RunUntil(() => pair.Connection.IsOpen);
        pair.Connection.OpenStream(new StreamConfig(TransportMode.ReliableUnordered), out StreamHandle stream);
        stream.Send("hello"u8);
        byte[] answer = new byte[16];
        ReceiveResult got = default;
        pair.RunUntil(() => (got = stream.Receive(answer)).Status == CallStatus.Ok);
        Assert.That(answer.AsSpan(0, got.Bytes).SequenceEqual("hello"u8), Is.True);
    }

    [TestCase(TransportMode.ReliableOrdered)]
    [TestCase(TransportMode.ReliableUnordered)]
    public void EchoLoop_ClientThatReadsLate_LosesNothing(TransportMode mode)
    {
        // The server's stream takes less than it reads at once: it has to keep the rest, and to stop reading.
        LoopPair pair = new(Config(s_server) with { Connection = s_small });
        pair.RunUntil(() => pair.Connection.IsOpen);
        pair.Connection.OpenStream(new StreamConfig(mode), out StreamHandle stream);
        byte[] data = new byte[TotalBytes];
        new Random(1).NextBytes(data);
        int sent = 0;
        for (int tick = 0; tick < 60; tick++)
        {
            Send();
            pair.Tick();
        }

        Assert.That(sent, Is.LessThan(TotalBytes), "Who is not read from is held up.");
        byte[] answer = new byte[TotalBytes];
        int received = 0;
        pair.RunUntil(() =>
        {
            Send();
            for (ReceiveResult got = stream.Receive(answer.AsSpan(received)); got.Status == CallStatus.Ok && got.Bytes > 0; got = stream.Receive(answer.AsSpan(received)))
            {
                received += got.Bytes;
            }

            return received == TotalBytes;
        });

        // Over a path that loses nothing, messages keep their order.
        Assert.That(answer.AsSpan().SequenceEqual(data), Is.True);

        void Send()
        {
            SendResult result = new(CallStatus.Ok, 1);
            while (result.Bytes > 0 && sent < TotalBytes)
            {
                result = stream.Send(data.AsSpan(sent, Math.Min(5000, TotalBytes - sent)));
                sent += result.Bytes;
            }
        }
    }

    [Test]
    public void Streams_OfAConnectionThatEnded_AreStaleWithItsEventAndNotToldOneByOne()
    {
        Support.Pair pair = new();
        pair.Connect();
        for (int i = 0; i < 3; i++)
        {
            pair.Open(new StreamConfig(TransportMode.ReliableOrdered));
        }

        StreamHandle[] streams = [.. pair.Server.Events.Where(item => item.Kind == EventKind.StreamOpened).Select(item => item.Stream)];
        Assert.That(streams.Select(stream => stream.Id), Is.EqualTo(new uint[] { 1, 3, 5 }));
        uint[]? atTheEvent = null;
        pair.Server.OnEvent = item => atTheEvent = item.Kind == EventKind.ConnectionClosed ? [.. streams.Select(stream => stream.Id)] : atTheEvent;
        pair.Client.Connection.Abort(pair.Now);
        pair.RunFor(Instant.Second);
        Assert.That(atTheEvent, Is.EqualTo(new uint[] { 0, 0, 0 }));
        Assert.That(pair.Server.Has(EventKind.StreamClosed), Is.False);
    }

    [Test]
    public void UdpPlayers_TwoOfThem_HearEachOther()
    {
        using UdpPlayer server = new(new IPEndPoint(IPAddress.Loopback, 0), s_tick);
        using UdpPlayer client = new(new IPEndPoint(IPAddress.Loopback, 0), s_tick);
        ConnectionHandle connection = client.Connect(server.Address);
        StreamHandle commands = default;
        StreamHandle heard = default;
        byte[] buffer = new byte[64];
        long moved = 0;
        while (moved < 10 && !TestContext.CurrentContext.CancellationToken.IsCancellationRequested)
        {
            client.Tick((_, _) =>
            {
                if (connection.IsOpen && (commands != default || connection.OpenStream(new StreamConfig(TransportMode.ReliableOrdered), out commands) == CallStatus.Ok))
                {
                    commands.Send([1]);
                }
            });
            server.Tick((endpoint, _) =>
            {
                while (endpoint.TryGetEvent(out EndpointEvent item))
                {
                    heard = item.Kind == EventKind.StreamOpened ? item.Stream : heard;
                }

                moved += Math.Max(0, heard.Receive(buffer).Bytes);
            });
        }

        Assert.That(moved, Is.GreaterThanOrEqualTo(10));
    }

    [Test]
    public void Games_TwoOfThem_SayAndHearOnceATick()
    {
        using UdpPlayer server = new(new IPEndPoint(IPAddress.Loopback, 0), s_tick);
        using UdpPlayer client = new(new IPEndPoint(IPAddress.Loopback, 0), s_tick);
        client.Connect(server.Address);
        Game called = new();
        Game caller = new();
        while ((called.Heard < 10 || caller.Heard < 10) && !TestContext.CurrentContext.CancellationToken.IsCancellationRequested)
        {
            client.Tick(caller.Play);
            server.Tick(called.Play);
        }

        Assert.That(called.Heard, Is.InRange(10, caller.Said));
        Assert.That(caller.Heard, Is.InRange(10, called.Said));
    }

    [Test]
    public void Memory_OfAnEndpoint_IsWhatThePageSays()
    {
        string page = Repository.Read("docs/embedding.md");
        Assert.That(MegabytesOf(Config(s_server)), Is.EqualTo(Said("the defaults")).Within(3).Percent);
        Assert.That(MegabytesOf(GameConfig.For(s_server, s_tick)), Is.EqualTo(Said("`GameConfig`")).Within(3).Percent);

        double Said(string what) => double.Parse(
            Figures().Matches(page).Single(match => match.Groups["what"].Value == what).Groups["figure"].Value, CultureInfo.InvariantCulture);
    }

    private static EndpointConfig Config(NodeId node) => new() { Node = node, Key = new byte[EndpointConfig.KeySize] };

    private static double MegabytesOf(EndpointConfig config)
    {
        FrameArena arena = new(2048, 64);

        // Once for what is made when types are first used.
        GC.KeepAlive(new Endpoint(config, arena));
        long before = GC.GetAllocatedBytesForCurrentThread();
        Endpoint endpoint = new(config, new FrameArena(2048, 64));
        long after = GC.GetAllocatedBytesForCurrentThread();
        GC.KeepAlive(endpoint);
        return (after - before - (2048 * 64)) / 1e6;
    }

    [GeneratedRegex(@"^\| (?<what>[^|]+) \| (?<figure>[0-9.]+) MB \|", RegexOptions.Multiline)]
    private static partial Regex Figures();

    /// <summary>The loop of the page, and a client that is called as often.</summary>
    private sealed class LoopPair
    {
        private readonly Queue<(LinkHeader Header, byte[] Packet)> _toServer = new();
        private readonly Queue<(LinkHeader Header, byte[] Packet)> _toClient = new();
        private readonly Transmission _transmission = new();
        private readonly EchoLoop _server;
        private readonly Endpoint _client = new(Config(s_client), new FrameArena(2048, 1024));
        private Instant _now = new(Instant.Second);
        private Instant _due = Instant.Never;

        public LoopPair(EndpointConfig server)
        {
            _server = new EchoLoop(server, () => _toServer.TryDequeue(out var frame) ? frame : null, (header, packet) => _toClient.Enqueue((header, packet)));
            _client.Connect(s_server, _now, out ConnectionHandle connection);
            Connection = connection;
        }

        public ConnectionHandle Connection { get; }

        public void RunUntil(Func<bool> condition)
        {
            for (int tick = 0; !condition(); tick++)
            {
                Assert.That(tick, Is.LessThan(10_000), "It does not come.");
                Tick();
            }
        }

        public void Tick()
        {
            while (_toClient.TryDequeue(out (LinkHeader Header, byte[] Packet) frame))
            {
                _client.Receive(new LinkFrame(frame.Header, frame.Packet), _now);
            }

            if (_due <= _now)
            {
                _client.HandleTimeout(Connection, _now);
            }

            while (_client.TryTransmit(_now, _transmission))
            {
                byte[] packet = [.. _transmission.Head, .. _transmission.Slices.ToArray().SelectMany(s => _client.Arena.Bytes(s.Index, s.Offset, s.Length).ToArray())];
                foreach (PayloadSlice slice in _transmission.Slices)
                {
                    _client.ReleaseFrame(slice.Frame);
                }

                _toServer.Enqueue((_transmission.Header, packet));
            }

            while (_client.TryGetEvent(out _))
            {
                // The test asks the stream.
            }

            while (_client.TryGetDeadline(out ConnectionDeadline deadline))
            {
                _due = deadline.Deadline;
            }

            _server.Tick(_now);
            _now += (long)s_tick.TotalNanoseconds;
        }
    }
}
