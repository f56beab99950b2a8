using System.Buffers.Binary;
using NexStream.Core;
using NexStream.Core.Primitives;
using NexStream.Core.State;
using NexStream.Core.Wire;

namespace NexStream.Tools.Fuzz.Targets;

/// <summary>Changed and raw packets into live endpoints, in the state of their lives that the input names.</summary>
internal sealed class ConnectionTarget : IFuzzTarget
{
    private const int PacketsMax = 12;

    private readonly WorldCache _worlds = new(configure: null);

    public string Name => "connection";

    public string Description => "changed, repeated and raw packets into endpoints that connect, transfer, close or have closed";

    public long DefaultIterations => 5_000;

    public int InputMax => 192;

    public int Generate(ref FuzzRandom random, Span<byte> input)
    {
        int length = 8 + random.Below(InputMax - 8);
        random.Fill(input[..length]);
        return length;
    }

    public void Reset() => _worlds.Clear();

    public void Run(ReadOnlySpan<byte> input)
    {
        var decisions = new Decisions(input);
        byte options = decisions.Byte();
        World world = _worlds.Begin(cookies: (options & 1) != 0, atBoundary: (options & 2) != 0);
        Reach(world, stage: (options >> 2) % 7, ref decisions);
        for (int i = 0; i < PacketsMax && !decisions.IsAtEnd; i++)
        {
            Inject(world, ref decisions);
            world.Settle();
            world.A.Act(ref decisions, world.B.Endpoint.Node, world.Now);
            world.B.Act(ref decisions, world.A.Endpoint.Node, world.Now);
            if ((decisions.Byte() & 3) == 0)
            {
                world.Tick();
            }
        }

        world.Tick();
        world.Finish();
    }

    /// <summary>Listening, connecting, connected, transferring, closing, closed, connected from both sides.</summary>
    private static void Reach(World world, int stage, ref Decisions decisions)
    {
        if (stage == 0)
        {
            return;
        }

        world.A.Connect(world.B.Endpoint.Node, world.Now);
        world.Settle();
        if (stage == 1)
        {
            return;
        }

        if (stage == 6)
        {
            world.B.Connect(world.A.Endpoint.Node, world.Now);
        }

        Ticks(world, 4);
        if (stage == 2)
        {
            return;
        }

        world.B.Reads = (decisions.Byte() & 1) == 0;
        OpenStreams(world.A);
        OpenStreams(world.B);
        Ticks(world, 3);
        if (stage >= 4)
        {
            foreach (ConnectionHandle connection in world.A.Connections)
            {
                connection.Close(world.Now);
            }

            Ticks(world, stage == 4 ? 1 : 4);
        }
    }

    private static void Ticks(World world, int count)
    {
        for (int i = 0; i < count; i++)
        {
            world.Tick();
        }
    }

    private static void OpenStreams(Host host)
    {
        foreach (ConnectionHandle connection in host.Connections)
        {
            for (TransportMode mode = TransportMode.ReliableOrdered; mode <= TransportMode.Probabilistic; mode++)
            {
                if (connection.OpenStream(new Core.Config.StreamConfig(mode), out StreamHandle stream) == CallStatus.Ok)
                {
                    host.Streams.Add(stream);
                    stream.Send(new byte[1_000]);
                }
            }
        }
    }

    private static void Inject(World world, ref Decisions decisions)
    {
        byte kind = decisions.Byte();
        Host to = (kind & 1) == 0 ? world.B : world.A;
        Host from = (kind & 1) == 0 ? world.A : world.B;
        LinkPacket packet = (kind & 6) == 6
            ? Raw(ref decisions)
            : World.Change(ref decisions, Corpus.Packets[decisions.Below(Corpus.Packets.Length)], (kind >> 3) & 7);
        if (packet.Bytes.Length >= PacketHeader.Size)
        {
            Address(packet.Bytes, to, ref decisions);
        }

        LinkHeader header = packet.Header;
        header.Source = decisions.Below(32) == 31 ? to.Endpoint.Node : from.Endpoint.Node;
        header.Destination = to.Endpoint.Node;
        world.Deliver(packet with { Header = header }, inArena: (kind & 0x40) != 0);
        if ((kind & 0x80) != 0)
        {
            world.Deliver(packet with { Header = header }, inArena: false);
        }
    }

    private static LinkPacket Raw(ref Decisions decisions)
    {
        byte[] bytes = [.. new byte[PacketHeader.Size], .. decisions.Take(decisions.Byte())];
        return new LinkPacket(new LinkHeader { PayloadLength = (uint)bytes.Length }, bytes);
    }

    /// <summary>Gives a packet the tag and the next number of a connection that lives, so that it is believed.</summary>
    private static void Address(Span<byte> packet, Host to, ref Decisions decisions)
    {
        byte decision = decisions.Byte();
        if (decision >= 0xF0)
        {
            return;
        }

        packet[9] = 0;
        Connection connection = to.Endpoint.State.Connections[(decision & 0x0F) == 0x0F ? 1 : 0];
        if ((decision & 0xE0) == 0xE0)
        {
            BinaryPrimitives.WriteUInt64BigEndian(packet, 0);
            return;
        }

        BinaryPrimitives.WriteUInt64BigEndian(packet, connection.LocalTag);
        packet[8] = 0;
        uint next = unchecked((uint)(connection.Path is { Received.HasAny: true } ? connection.Path.Received.Largest + 1 : 0));
        BinaryPrimitives.WriteUInt32BigEndian(packet[12..], unchecked(next + ((uint)(decision >> 4) & 3)));
    }
}
