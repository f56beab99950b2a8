using NexStream.Core.Primitives;
using NexStream.Core.Wire;
using NexStream.Core.Wire.Frames;

namespace NexStream.Tools.Fuzz;

/// <summary>
/// Valid packets to start from: what two endpoints said to each other in a run that uses every mode and loses some packets, and one
/// packet for each frame that such a run does not bring forth.
/// </summary>
internal static class Corpus
{
    /// <summary>The runs go on longer; beyond this they only repeat themselves.</summary>
    private const int PacketsMax = 512;

    private static readonly Lazy<LinkPacket[]> s_packets = new(Record);

    public static LinkPacket[] Packets => s_packets.Value;

    private static LinkPacket[] Record()
    {
        var packets = new List<LinkPacket>();
        AddRun(packets, cookies: false, new FuzzRandom(1));
        AddRun(packets, cookies: true, new FuzzRandom(2));
        AddRareFrames(packets, packets[0].Header);
        return [.. packets];
    }

    private static void AddRun(List<LinkPacket> packets, bool cookies, FuzzRandom random)
    {
        int limit = packets.Count + PacketsMax;
        var world = new World(new WorldOptions { Cookies = cookies })
        {
            OnPacket = packet =>
            {
                if (packets.Count < limit)
                {
                    packets.Add(packet);
                }
            },
        };
        world.A.Connect(world.B.Endpoint.Node, world.Now);
        Span<byte> acts = stackalloc byte[8];
        for (int i = 0; i < 400; i++)
        {
            random.Fill(acts);
            acts[0] &= 0x3F; // not yet the acts that close and connect
            var decisions = new Decisions(acts);
            (i % 3 == 0 ? world.B : world.A).Act(ref decisions, world.B.Endpoint.Node, world.Now);
            var losses = new Decisions(random.OneIn(4) ? [1, 0, 1] : []);
            world.Tick(ref losses, isAdversarial: i % 4 == 3);
        }

        world.A.Connections[0].Close(world.Now);
        for (int i = 0; i < 10; i++)
        {
            world.Tick();
        }
    }

    private static void AddRareFrames(List<LinkPacket> packets, LinkHeader header)
    {
        Span<byte> buffer = stackalloc byte[1024];
        foreach (int kind in (ReadOnlySpan<int>)[0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11])
        {
            buffer.Clear();
            var writer = new FrameWriter(buffer[PacketHeader.Size..]);
            _ = kind switch
            {
                0 => new PathOfferFrame { PathId = 1, Tag = 0x1122334455667788, Node = new NodeId(3, 4) }.TryWrite(ref writer),
                1 => new ReceiverReportFrame { StreamId = 1, Received = 9, Lost = 2, Recovered = 1, IntervalUs = 1000 }.TryWrite(ref writer),
                2 => new MaxStreamsFrame { MaxStreams = 64 }.TryWrite(ref writer),
                3 => new PingFrame { PingId = 7 }.TryWrite(ref writer),
                4 => new PongFrame { PingId = 7 }.TryWrite(ref writer),
                5 => DataNackFrame.TryWrite(ref writer, 1, [new NackRange(1, 3), new NackRange(5, 9)]),
                6 => new DataSkipFrame { StreamId = 3, Message = 1, Charge = 100 }.TryWrite(ref writer),
                7 => new StreamResetFrame { StreamId = 1, FinalSize = 100, FinalCharge = 100 }.TryWrite(ref writer),
                8 => new ConnCloseFrame { Reason = ReasonCode.Aborted, ReasonPhrase = "done"u8 }.TryWrite(ref writer),
                10 => new PathCloseFrame { PathId = 1 }.TryWrite(ref writer),
                9 => new RepairFrame { StreamId = 1, FirstMessage = 2, GroupSize = 3, Row = 1, LengthParity = 100 }.TryWrite(ref writer),
                _ => new CongestionFrame { EcnCeCount = 3, BytesInFlight = 1 }.TryWrite(ref writer),
            };
            header.PayloadLength = (uint)(PacketHeader.Size + writer.Length);
            packets.Add(new LinkPacket(header, buffer[..(PacketHeader.Size + writer.Length)].ToArray()));
        }
    }
}
