using System.Net;
using System.Net.Sockets;
using NexStream.Core;
using NexStream.Core.Config;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Core.Wire;
using NexStream.Driver.Links;
using NexStream.Tests.Driver.Links;

namespace NexStream.Tests.Driver.Udp;

/// <summary>Endpoints over real sockets, in virtual time: all modes, a NAT that changes its mind, and strangers who want the traffic.</summary>
[TestFixture(LinkPreference.Managed)]
[TestFixture(LinkPreference.Native)]
[NonParallelizable]
public sealed class UdpDriverTests(LinkPreference preference)
{
    private const int Length = 1_000_000;
    private const long TurnNs = 10_000;

    private readonly byte[] _data = new byte[Length];
    private readonly byte[] _received = new byte[Length];
    private LinkLibrary _library = null!;
    private DriverNode _client = null!;
    private DriverNode _server = null!;
    private UdpLink _clientLink = null!;
    private UdpLink _serverLink = null!;
    private NatRelay _nat = null!;
    private Instant _now;

    [SetUp]
    public void OpenBothEnds()
    {
        _library = LoopFixture.Load(preference);
        _now = new Instant(Instant.Second);
        new Random(1).NextBytes(_data);
        _client = new DriverNode(_library, 1);
        _server = new DriverNode(_library, 2);
        _clientLink = Attach(_client);
        _serverLink = Attach(_server);
        _nat = new NatRelay(_serverLink.LocalEndPoint);
    }

    [TearDown]
    public void CloseBothEnds()
    {
        _nat?.Dispose();
        _client?.Dispose();
        _server?.Dispose();

        // The drivers have closed them; a second time does no harm.
        _clientLink?.Dispose();
        _serverLink?.Dispose();
    }

    [Test]
    public void AllModes_BetweenTwoSockets_DeliverAndCloseCleanly()
    {
        ConnectionHandle connection = Connect(_serverLink.LocalEndPoint);
        var received = new Dictionary<TransportMode, int>();
        TransportMode[] modes = Enum.GetValues<TransportMode>();
        const int Messages = 50;
        const int MessageLength = 900;
        byte[] message = new byte[MessageLength];
        foreach (TransportMode mode in modes)
        {
            Assert.That(connection.OpenStream(new StreamConfig(mode), out StreamHandle stream), Is.EqualTo(CallStatus.Ok));
            message.AsSpan().Fill((byte)mode);
            for (int i = 0; i < Messages; i++)
            {
                Assert.That(stream.Send(message).Status, Is.EqualTo(CallStatus.Ok));
            }
        }

        RunUntil(() =>
        {
            foreach (EndpointEvent opened in _server.Events.Where(item => item.Kind == EventKind.StreamOpened))
            {
                while (opened.Stream.Receive(message) is { Status: CallStatus.Ok } result)
                {
                    Assert.That(message.AsSpan(0, result.Bytes).ContainsAnyExcept((byte)opened.Stream.Mode), Is.False);
                    received[opened.Stream.Mode] = received.GetValueOrDefault(opened.Stream.Mode) + result.Bytes;
                }
            }

            return received.Count == modes.Length && received.Values.All(bytes => bytes == Messages * MessageLength);
        });
        Assert.That(connection.Close(_now), Is.EqualTo(CallStatus.Ok));
        RunUntil(() => _client.Has(EventKind.ConnectionClosed) && _server.Has(EventKind.ConnectionClosed));
        Assert.That(_client.Events.Last(item => item.Kind == EventKind.ConnectionClosed).Report.IsClean, Is.True);
        RunUntil(() => _client.IsWholeArenaFree && _server.IsWholeArenaFree);
    }

    [Test]
    public void Receive_DataOfAPacket_StaysInTheFrameThatItArrivedIn()
    {
        ConnectionHandle connection = Connect(_serverLink.LocalEndPoint);
        connection.OpenStream(new StreamConfig(TransportMode.ReliableOrdered), out StreamHandle sender);
        sender.Send(_data.AsSpan(0, 100_000));
        RunUntil(() => _server.Has(EventKind.StreamOpened));
        StreamHandle receiver = _server.Events.Find(item => item.Kind == EventKind.StreamOpened).Stream;
        RunUntil(() => receiver.Statistics.ReceiveBuffered > 50_000);
        Assert.That(DriverNode.FrameCount - _server.Endpoint.Arena.FreeCount, Is.LessThan(5), "payload was copied into the endpoint's own frames");
    }

    [Test]
    public void Rebinding_WhileTheClientSends_LosesNothing()
    {
        ConnectionHandle connection = Connect(_nat.Inside);
        connection.OpenStream(new StreamConfig(TransportMode.ReliableOrdered), out StreamHandle sender);
        sender.Send([1]);
        StreamHandle receiver = AcceptStream(_server);
        int rebound = 0;
        Transfer(sender, receiver, received =>
        {
            if (received < Length && received / (Length / 4) > rebound)
            {
                rebound++;
                _nat.Rebind();
            }
        });
        Assert.That(rebound, Is.GreaterThanOrEqualTo(3));
        Assert.That(_server.Events.Count(item => item.Kind == EventKind.ConnectionMoved), Is.EqualTo(rebound));
        Assert.That(_server.Has(EventKind.ConnectionClosed), Is.False);
    }

    [Test]
    public void Rebinding_WhileTheServerSends_LosesNothing()
    {
        ConnectionHandle connection = Connect(_nat.Inside);
        connection.OpenStream(new StreamConfig(TransportMode.ReliableOrdered), out StreamHandle receiver);
        receiver.Send([1]);
        StreamHandle sender = AcceptStream(_server);
        int rebound = 0;
        Transfer(sender, receiver, received =>
        {
            if (received < Length && received / (Length / 4) > rebound)
            {
                rebound++;
                _nat.Rebind();
            }
        });
        Assert.That(_server.Events.Count(item => item.Kind == EventKind.ConnectionMoved), Is.EqualTo(rebound).And.Positive);
    }

    [Test]
    public void Thief_WhoClaimsTheClientsId_GetsNothing()
    {
        ConnectionHandle connection = Connect(_nat.Inside);
        connection.OpenStream(new StreamConfig(TransportMode.ReliableOrdered), out StreamHandle receiver);
        receiver.Send([1]);
        StreamHandle sender = AcceptStream(_server);
        using Socket thief = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        var random = new Random(2);
        byte[] forged = new byte[200];
        long sent = 0;
        Transfer(sender, receiver, _ =>
        {
            random.NextBytes(forged);
            new LinkHeader { FrameType = LinkFrameType.StreamControl, PayloadLength = (uint)(forged.Length - LinkHeader.Size), Source = _client.Node }.Write(forged);
            thief.SendTo(forged, _serverLink.LocalEndPoint);
            sent += forged.Length;
        });
        Assert.That(_server.Has(EventKind.ConnectionMoved), Is.False);
        List<byte[]> loot = Loot(thief);
        Assert.That(loot.Sum(datagram => datagram.Length), Is.LessThanOrEqualTo(sent), "answers to strangers must not amplify");
        Assert.That(loot.Select(TypeOf), Is.All.EqualTo(LinkFrameType.StreamControl), "data went to the thief");
    }

    [Test]
    public void Eavesdropper_WhoRepeatsTheNewestPacketFirst_IsAskedAndNotFollowed()
    {
        ConnectionHandle connection = Connect(_nat.Inside);
        connection.OpenStream(new StreamConfig(TransportMode.ReliableOrdered), out StreamHandle receiver);
        receiver.Send([1]);
        StreamHandle sender = AcceptStream(_server);
        using Socket thief = new(AddressFamily.InterNetwork, SocketType.Dgram, ProtocolType.Udp);
        int stolen = 0;
        _nat.Tap = datagram =>
        {
            // One packet in eight is overtaken by its own copy, which so is the newest that the server saw.
            if (stolen++ % 8 == 0)
            {
                thief.SendTo(datagram, _serverLink.LocalEndPoint);
            }
        };
        Transfer(sender, receiver, _ => { });
        Assert.That(stolen, Is.GreaterThan(8));
        Assert.That(_server.Has(EventKind.ConnectionMoved), Is.False);
        List<byte[]> loot = Loot(thief);
        Assert.That(loot, Is.Not.Empty, "the test did not provoke a question");
        Assert.That(loot.Select(TypeOf), Is.All.EqualTo(LinkFrameType.StreamControl), "data went to the thief");
    }

    [Test]
    public void PayloadOffset_OfAnyBytes_LiesInsideThePacket()
    {
        var random = new Random(3);
        for (int i = 0; i < 10_000; i++)
        {
            byte[] packet = new byte[random.Next(80)];
            random.NextBytes(packet);
            Assert.That(NexStream.Driver.Inbox.PayloadOffset(packet), Is.InRange(0, packet.Length));
        }
    }

    private static LinkFrameType TypeOf(byte[] datagram)
    {
        Assert.That(LinkHeader.TryRead(datagram, out LinkHeader header), Is.True);
        return header.FrameType;
    }

    private static List<byte[]> Loot(Socket thief)
    {
        List<byte[]> loot = [];
        byte[] buffer = new byte[2048];
        while (thief.Poll(0, SelectMode.SelectRead))
        {
            loot.Add(buffer[..thief.Receive(buffer)]);
        }

        return loot;
    }

    private UdpLink Attach(DriverNode node)
    {
        UdpLink link = _library.OpenUdp(node.Memory, new UdpOptions { Local = new IPEndPoint(IPAddress.Loopback, 0) });
        node.Driver.AttachNetwork(link);
        return link;
    }

    private ConnectionHandle Connect(IPEndPoint server)
    {
        NodeId name = _clientLink.Dial(server);
        Assert.That(_client.Endpoint.Connect(name, _now, out ConnectionHandle connection), Is.EqualTo(CallStatus.Ok));
        RunUntil(() => _client.Has(EventKind.ConnectionEstablished) && _server.Has(EventKind.ConnectionAccepted));
        return connection;
    }

    private StreamHandle AcceptStream(DriverNode node)
    {
        RunUntil(() => node.Has(EventKind.StreamOpened));
        StreamHandle stream = node.Events.Find(item => item.Kind == EventKind.StreamOpened).Stream;
        RunUntil(() => stream.Receive(new byte[1]).Bytes == 1);
        return stream;
    }

    private void Transfer(StreamHandle sender, StreamHandle receiver, Action<int> onTurn)
    {
        int sent = 0;
        int received = 0;
        RunUntil(() =>
        {
            sent += sender.Send(_data.AsSpan(sent, Math.Min(50_000, Length - sent))).Bytes;
            received += receiver.Receive(_received.AsSpan(received)).Bytes;
            onTurn(received);
            return received == Length;
        });
        Assert.That(_received, Is.EqualTo(_data));
    }

    private void RunUntil(Func<bool> condition)
    {
        for (int turns = 0; !condition(); turns++)
        {
            Assert.That(turns, Is.LessThan(1_000_000), "Ten seconds passed and the condition does not hold.");
            _client.Poll(_now);
            _nat.Pump();
            _server.Poll(_now);
            _nat.Pump();
            _now += TurnNs;
        }
    }
}
