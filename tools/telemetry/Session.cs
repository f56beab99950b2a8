using System.Net;
using NexStream.Core;
using NexStream.Core.Config;
using NexStream.Core.Congestion;
using NexStream.Core.Primitives;
using NexStream.Driver;
using NexStream.Driver.Links;
using NexStream.Driver.Observability;

namespace NexStream.Telemetry;

/// <summary>
/// Everything that telemetry can show, in a second or two: a transfer in all modes over a bad network, handshakes that are refused and that nobody answers, a node
/// without a way to it, a peer that takes nothing, and one that goes away.
/// </summary>
internal sealed class Session : IDisposable
{
    private const int Chunk = 16 * 1024;
    private const int MessageLength = 900;
    private const int RingCapacity = 8;

    private static readonly TimeSpan s_limit = TimeSpan.FromSeconds(30);

    private readonly Node _client;
    private readonly Node _server;
    private readonly DisturbedRelay _relay;
    private readonly LinkLibrary _library;
    private readonly Instant _ends = MonotonicClock.Now + (s_limit.Ticks * 100);
    private readonly UdpLink _clientLink;
    private readonly UdpLink _serverLink;
    private readonly TelemetryOptions _options;
    private StreamHandle _bytes;
    private Node? _stuck;
    private Node? _alone;

    public Session(TelemetryOptions? options = null)
    {
        _options = options ?? new TelemetryOptions { IntervalNs = 10 * Instant.Millisecond };
        _library = LinkLibrary.Load(LinkPreference.Managed);
        _client = new Node(_library, "client", 1, _options, takesConnections: false);
        _server = new Node(_library, "server", 2, _options);
        _serverLink = Open(_server);
        _clientLink = Open(_client);
        _relay = new DisturbedRelay(_serverLink.LocalEndPoint);
    }

    public DriverTelemetry Client => _client.Telemetry;

    public DriverTelemetry Server => _server.Telemetry;

    /// <summary>Runs all of it.</summary>
    /// <param name="whenSeen">Called when all of that has happened, while connections and streams are still open.</param>
    public void Run(Action whenSeen)
    {
        _client.Endpoint.Connect(_clientLink.Dial(_relay.Address), MonotonicClock.Now, out ConnectionHandle connection);
        RunUntil(() => connection.IsOpen, "no connection");
        Transfer(connection);
        Stuck();
        NobodyThere();

        // What is in flight is only sometimes there to be seen.
        RunUntil(
            () =>
            {
                _bytes.Send(new byte[Chunk]);
                return Array.Exists(_client.Telemetry.Read()!.Connections, shown => shown.BytesInFlight > 0);
            },
            "nothing is in flight");
        whenSeen();
        connection.Close(MonotonicClock.Now);
        int before = _client.Ended;
        RunUntil(() => _client.Ended > before && _server.Ended > 0, "the connection does not end");
        _client.Telemetry.Publish(MonotonicClock.Now);
        _server.Telemetry.Publish(MonotonicClock.Now);
    }

    public void Dispose()
    {
        _stuck?.Dispose();
        _alone?.Dispose();
        _relay.Dispose();
        _client.Dispose();
        _server.Dispose();
    }

    /// <summary>All modes, until every kind of disturbance was seen.</summary>
    private void Transfer(ConnectionHandle connection)
    {
        byte[] data = new byte[Chunk];
        connection.OpenStream(new StreamConfig(TransportMode.ReliableOrdered), out _bytes);
        connection.OpenStream(new StreamConfig(TransportMode.ReliableUnordered), out StreamHandle messages);
        connection.OpenStream(new StreamConfig(TransportMode.ReliableUnordered), out StreamHandle urgent);
        connection.OpenStream(new StreamConfig(TransportMode.BestEffort), out StreamHandle datagrams);
        connection.OpenStream(new StreamConfig(TransportMode.Probabilistic), out StreamHandle samples);
        RunUntil(
            () =>
            {
                _bytes.Send(data);
                messages.Send(data);
                datagrams.Send(data.AsSpan(0, MessageLength), new SendOptions(Report: true));
                samples.Send(data.AsSpan(0, MessageLength));
                urgent.Send(data, new SendOptions(Deadline: MonotonicClock.Now + Instant.Microsecond, Report: true));
                TelemetryTotals client = _client.Telemetry.Read()?.Totals ?? default;
                TelemetryTotals server = _server.Telemetry.Read()?.Totals ?? default;
                return client is { PacketsLost: > 10, SpuriousLosses: > 0, Retransmissions: > 10, MessagesLost: > 0, MessagesExpired: > 0 }
                    && server is { Duplicates: > 0, UnknownTags: > 0, FramesMalformed: > 0, AnswersSuppressed: > 0, AcknowledgementsSent: > 0 };
            },
            "the bad network is not bad enough");
        samples.Finish();
    }

    /// <summary>A peer in this process that is never asked to do anything, and then goes away.</summary>
    private void Stuck()
    {
        _stuck = new Node(_library, "stuck", 3, new TelemetryOptions { IsShared = false });
        (Link mine, Link its) = _library.CreateLoop(_client.Memory, _stuck.Memory, RingCapacity);
        _client.Driver.AttachLink(mine, _stuck.Endpoint.Node);
        _stuck.Driver.AttachLink(its, _client.Endpoint.Node);

        // Without a congestion window the ring is full before anything shows that it is.
        ConnectionConfig config = _client.Endpoint.Config.Connection with { Congestion = CongestionControllers.None.Name };
        _client.Endpoint.Connect(_stuck.Endpoint.Node, MonotonicClock.Now, out ConnectionHandle connection, config);
        RunUntil(
            () =>
            {
                _stuck.Turn();
                return connection.IsOpen;
            },
            "no connection to the second peer");

        // More than the ring and what waits in front of it hold, in one turn.
        byte[] data = new byte[4 * Chunk];
        connection.OpenStream(new StreamConfig(TransportMode.ReliableOrdered), out StreamHandle stream);
        RunUntil(
            () =>
            {
                stream.Send(data);
                return _client.Telemetry.Read()!.Totals is { FullRings: > 0, FramesStalled: > 0, ProbeTimeouts: > 0 };
            },
            "the ring is not full");
        _stuck.Dispose();
        _stuck = null;
        RunUntil(() => _client.Telemetry.Read()!.Totals.LinksLost > 0, "the link is not lost");
        connection.Abort(MonotonicClock.Now);
    }

    /// <summary>A node to which there is no way, and an endpoint that takes nobody.</summary>
    private void NobodyThere()
    {
        _alone = new Node(_library, "alone", 4, _options);
        _alone.Endpoint.Connect(new NodeId(1, 77), MonotonicClock.Now, out _);
        _server.Endpoint.Connect(_serverLink.Dial(_clientLink.LocalEndPoint), MonotonicClock.Now, out _);
        RunUntil(
            () =>
            {
                _alone.Turn();
                return _alone.Telemetry.Read()?.Totals is { FramesUnroutable: > 0, HandshakesFailed: > 0 } && _client.Telemetry.Read()!.Totals.HandshakesRefused > 0;
            },
            "no handshake fails");
    }

    /// <summary>All that a node has counted.</summary>
    private static string Describe(Node node)
    {
        TelemetryTotals totals = node.Telemetry.Read()?.Totals ?? default;
        return $"{node.Telemetry.Name} lost {totals.PacketsLost}, spurious {totals.SpuriousLosses}, again {totals.Retransmissions}, messages lost {totals.MessagesLost}, expired {totals.MessagesExpired}, "
            + $"duplicates {totals.Duplicates}, unknown tags {totals.UnknownTags}, malformed {totals.FramesMalformed}, suppressed {totals.AnswersSuppressed}, acknowledgements {totals.AcknowledgementsSent}, "
            + $"full rings {totals.FullRings}, stalled {totals.FramesStalled}, probes {totals.ProbeTimeouts}, links lost {totals.LinksLost}, refused {totals.HandshakesRefused}";
    }

    private UdpLink Open(Node node)
    {
        UdpLink link = _library.OpenUdp(node.Memory, new UdpOptions { Local = new IPEndPoint(IPAddress.Loopback, 0) });
        node.Driver.AttachNetwork(link);
        return link;
    }

    private void RunUntil(Func<bool> condition, string otherwise)
    {
        while (!condition())
        {
            if (MonotonicClock.Now > _ends)
            {
                throw new TimeoutException($"After {s_limit.TotalSeconds} s {otherwise}: {Describe(_client)}; {Describe(_server)}.");
            }

            _client.Turn();
            _relay.Turn();
            _server.Turn();
            _relay.Turn();
        }
    }
}
