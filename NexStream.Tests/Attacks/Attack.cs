using NexStream.Core.Config;
using NexStream.Core.Events;
using NexStream.Core.Primitives;
using NexStream.Core.Wire;
using NexStream.Core.Wire.Frames;
using NexStream.Tests.Support;

namespace NexStream.Tests.Attacks;

/// <summary>What the attack tests share: a connection, forged frames, and how a violation shows.</summary>
internal static class Attack
{
    public static byte[] AckBytes(Pair pair, ulong first, ulong last) => Forge.Packet(pair, pair.Server, (ref FrameWriter w) =>
        PacketAckFrame.TryWrite(ref w, 0, 0, (PacketNumberRange[])[new PacketNumberRange(first, last)], default, hasEcn: false, 0)).Bytes;

    public static void Acknowledge(Pair pair, ulong first, ulong last) => pair.Inject(pair.Server, Forge.Raw(pair, pair.Server, AckBytes(pair, first, last)));

    public static uint OpenOn(Pair pair, TransportMode mode) => pair.Open(new StreamConfig(mode)).Client.Id;

    public static EndpointEvent Closed(Pair pair) => pair.Server.Events.Single(e => e.Kind == EventKind.ConnectionClosed);

    public static void AssertViolation(Pair pair, ReasonCode reason) => Assert.That(Closed(pair).Reason, Is.EqualTo(reason));

    public static Pair Connected()
    {
        // Small tables: these tests make many pairs.
        var pair = new Pair(
            frameCount: 512,
            configure: c => c with { MaxConnections = 4, HalfOpenThreshold = 4, MaxStreams = 64, MaxPacketsInFlight = 1024, MaxMessages = 512, MaxChunks = 1024 });
        pair.Connect();
        return pair;
    }
}
