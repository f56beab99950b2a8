using System.Net;
using System.Xml.Linq;
using NexStream.Core;
using NexStream.Core.Config;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Core.Tracing;
using NexStream.Core.Wire;
using NexStream.Driver;
using NexStream.Driver.Links;
using NexStream.Replay.Editing;
using NexStream.Replay.Inputs;
using NexStream.Replay.Reading;
using NexStream.Tests.Wire;

namespace NexStream.Tests.Wireshark;

/// <summary>A session of all modes over sockets of this machine, captured from the loopback interface where that is permitted, else as it was recorded.</summary>
[TestFixture, NonParallelizable]
[Category("Slow")]
internal sealed class CapturedSessionTests
{
    private const int FrameSize = 2048;
    private const int FrameCount = 2048;
    private const int FrameLengthMax = 1472;
    private const int Messages = 40;
    private const int MessageLength = 3000;
    private const int DatagramLength = 900;
    private const int TurnsMax = 2_000_000;

    /// <summary>What a session of this kind cannot do without.</summary>
    private static readonly FrameType[] s_expected =
    [
        FrameType.ConnInit, FrameType.ConnAccept, FrameType.ConnClose, FrameType.ConnCloseAck, FrameType.StreamOpen, FrameType.StreamReset,
        FrameType.Data, FrameType.DataAck, FrameType.WindowUpdate, FrameType.Repair, FrameType.ReceiverReport, FrameType.Padding, FrameType.Ping, FrameType.Pong,
    ];

    private readonly string _path = Path.Combine(Path.GetTempPath(), $"nexstream-session-{Environment.ProcessId}.pcap");

    [OneTimeSetUp]
    public void Require() => Tshark.Require();

    [TearDown]
    public void Remove() => File.Delete(_path);

    [Test]
    public void Session_OfAllModes_IsReadAsOurDecoderReadsIt()
    {
        var trace = new MemoryTrace();
        string? problem = Run(trace);
        if (problem is not null)
        {
            TestContext.Out.WriteLine($"The datagrams are those of a recording: {problem}.");
            PcapFile.Write(_path, Received(trace));
        }

        IReadOnlyList<DissectedDatagram> dissected = [.. Tshark.Dissect(_path).Where(datagram => !Capture.IsEnd(datagram.Bytes))];
        Assert.That(dissected, Has.Count.GreaterThan(10));
        var types = new HashSet<FrameType>();
        var modes = new HashSet<string>();
        foreach ((DissectedDatagram datagram, int number) in dissected.Select((datagram, number) => (datagram, number)))
        {
            Assert.That(datagram.Malformed, Is.Empty, $"datagram {number}");
            var frames = new Queue<XElement>(datagram.Frames);
            foreach (byte[] packet in Packets(datagram.Bytes))
            {
                var reader = new FrameReader(packet.AsSpan(PacketHeader.Size));
                while (reader.TryRead(out RawFrame raw))
                {
                    var fields = new List<string>();
                    var writer = new FrameWriter(new byte[packet.Length]);
                    Assert.That(FrameCodecs.TryRecode(raw, fields, ref writer), Is.True);
                    types.Add(raw.Type);
                    if (raw.Type == FrameType.Data)
                    {
                        modes.Add(fields[0]);
                        fields.Add($"payload = {FrameCodecs.Hex(reader.Remaining)}");
                    }

                    Assert.That(frames, Is.Not.Empty, $"datagram {number} lacks {raw.Type}");
                    DissectedDatagram.AssertSame(frames.Dequeue(), FrameCodecs.NameOf(raw.Type), fields, $"datagram {number}");
                }
            }

            Assert.That(frames, Is.Empty, $"datagram {number} has frames that are not there");
        }

        Assert.That(modes, Has.Count.EqualTo(Enum.GetValues<TransportMode>().Length));
        Assert.That(s_expected.Except(types), Is.Empty, "frames that were never sent");
    }

    /// <summary>Runs the session. Returns why it was not captured; null: it was.</summary>
    private string? Run(MemoryTrace trace)
    {
        LinkLibrary library = LinkLibrary.Load();
        using var client = new Node(library, 1, null);
        using var server = new Node(library, 2, new TraceRecorder(trace));
        (Capture? capture, string problem) = Capture.TryStart(_path, server.Link.LocalEndPoint);
        using (capture)
        {
            Talk(client, server);
            server.Recorder!.Flush();
            return capture is null ? problem : capture.TryComplete() ? null : "the capture is not complete";
        }
    }

    private static void Talk(Node client, Node server)
    {
        client.Endpoint.Connect(client.Link.Dial(server.Link.LocalEndPoint), MonotonicNow(), out ConnectionHandle connection);
        Turn(client, server, () => connection.IsOpen);
        var streams = new List<StreamHandle>();
        foreach (TransportMode mode in Enum.GetValues<TransportMode>())
        {
            ProbabilisticConfig? delivery = mode == TransportMode.Probabilistic ? new ProbabilisticConfig(1, FecRatio: 0.5, GroupSize: 4) : null;
            connection.OpenStream(new StreamConfig(mode, SequenceNumbers: mode == TransportMode.BestEffort, Delivery: delivery), out StreamHandle stream);
            streams.Add(stream);
            byte[] message = new byte[mode is TransportMode.ReliableOrdered or TransportMode.ReliableUnordered ? MessageLength : DatagramLength];
            for (int i = 0; i < Messages; i++)
            {
                stream.Send(message);
            }
        }

        connection.OpenStream(new StreamConfig(TransportMode.ReliableOrdered), out StreamHandle given);
        given.Send(new byte[DatagramLength]);
        given.Reset(ReasonCode.ApplicationBase);
        byte[] buffer = new byte[1 << 16];
        long reliable = 0;
        Turn(client, server, () =>
        {
            foreach (StreamHandle stream in server.Opened)
            {
                while (stream.Receive(buffer) is { Status: CallStatus.Ok } result)
                {
                    reliable += stream.Mode is TransportMode.ReliableOrdered or TransportMode.ReliableUnordered ? result.Bytes : 0;
                }
            }

            return reliable == 2 * Messages * MessageLength && connection.Statistics.Path.FrameLength > ConnectionConfig.FrameLengthMin && streams[^1].Statistics.Delivery is { ReportedReceived: > 0 };
        });
        connection.Close(MonotonicNow());
        Turn(client, server, () => client.IsOver && server.IsOver);
    }

    private static Instant MonotonicNow() => NexStream.Driver.MonotonicClock.Now;

    private static void Turn(Node client, Node server, Func<bool> until)
    {
        for (int turns = 0; !until(); turns++)
        {
            Assert.That(turns, Is.LessThan(TurnsMax), "The session does not get on.");
            client.Turn();
            server.Turn();
        }
    }

    private static IEnumerable<byte[]> Packets(byte[] datagram)
    {
        for (int at = 0; at < datagram.Length;)
        {
            Assert.That(LinkHeader.TryRead(datagram.AsSpan(at), out LinkHeader header), Is.True);
            yield return datagram[(at + LinkHeader.Size)..(at + LinkHeader.Size + (int)header.PayloadLength)];
            at += LinkHeader.Size + (int)header.PayloadLength;
        }
    }

    /// <summary>What the recorded endpoint received, as datagrams.</summary>
    private static IEnumerable<byte[]> Received(MemoryTrace trace)
    {
        var reader = new TraceReader(trace.OpenRead());
        while (reader.TryRead(out TraceStep step))
        {
            if (step.Input is ReceiveInput frame)
            {
                byte[] header = new byte[LinkHeader.Size];
                frame.Header.Write(header);
                yield return [.. header, .. frame.Head, .. frame.Payload.SelectMany(part => part.Bytes!)];
            }
        }
    }

    private sealed class Node : IDisposable
    {
        private readonly LinkArena _memory;
        private readonly EndpointDriver _driver;

        public Node(LinkLibrary library, ulong number, TraceRecorder? recorder)
        {
            Recorder = recorder;
            _memory = library.CreateArena(FrameSize, FrameCount);
            Endpoint = new Endpoint(
                new EndpointConfig
                {
                    Node = new NodeId(0xCA9, number),
                    Key = new byte[EndpointConfig.KeySize],
                    Connection = new ConnectionConfig { InitialFrameLength = ConnectionConfig.FrameLengthMin, MaxFrameLength = FrameLengthMax },
                },
                _memory.CreateFrameArena(), recorder);
            _driver = new EndpointDriver(Endpoint);
            Link = library.OpenUdp(_memory, new UdpOptions { Local = new IPEndPoint(IPAddress.Loopback, 0) });
            _driver.AttachNetwork(Link);
        }

        public TraceRecorder? Recorder { get; }

        public Endpoint Endpoint { get; }

        public UdpLink Link { get; }

        public List<StreamHandle> Opened { get; } = [];

        public bool IsOver { get; private set; }

        public void Turn()
        {
            _driver.Poll(MonotonicNow());
            while (Endpoint.TryGetEvent(out EndpointEvent item))
            {
                if (item.Kind == EventKind.StreamOpened)
                {
                    Opened.Add(item.Stream);
                }

                IsOver |= item.Kind == EventKind.ConnectionClosed;
            }
        }

        public void Dispose()
        {
            _driver.Dispose();
            _memory.Dispose();
        }
    }
}
