using NexStream.Core.Config;
using NexStream.Core.Congestion;
using NexStream.Core.Primitives;
using NexStream.Core.Wire;

namespace NexStream.Perf;

/// <summary>What is moved, between whom, and for how long.</summary>
public sealed record PerfOptions
{
    /// <summary>Frames that may be on their way at once, unless said otherwise: KCP's best window.</summary>
    public const int WindowDefault = 64;

    /// <summary>How the streams deliver.</summary>
    public TransportMode Mode { get; init; } = TransportMode.ReliableOrdered;

    /// <summary>Application bytes in a data frame.</summary>
    public int FrameBytes { get; init; } = 1200;

    /// <summary>Streams that carry data in turn.</summary>
    public int Streams { get; init; } = 1;

    /// <summary>Streams that are open beside them and carry nothing.</summary>
    public int IdleStreams { get; init; }

    /// <summary>Connections that carry data in turn, each on its own streams.</summary>
    public int Connections { get; init; } = 1;

    /// <summary>Connections that are open beside them and carry nothing.</summary>
    public int IdleConnections { get; init; }

    /// <summary>Data frames that are under way at once: so many are handed over before they are acknowledged.</summary>
    public int Window { get; init; } = WindowDefault;

    /// <summary>Data frames of a window that are handed over before the receiving application reads them; 0: all of it.</summary>
    public int Burst { get; init; }

    /// <summary>Each frame's payload is copied once between the two ends, as a network card would: into frames as large as the arenas', one payload behind the other.</summary>
    public bool WireCopy { get; init; }

    /// <summary>The application writes into leased frames and reads lent ones.</summary>
    public bool ZeroCopy { get; init; }

    /// <summary>Bytes of a frame of the arenas; 0: those of a data frame, so that each packet carries one whole frame.</summary>
    public int ArenaFrame { get; init; }

    /// <summary>Bytes that the application hands over, and reads, with one call: of the stream in RO, or of a message in RU, also in one lease; 0: those of a data frame.</summary>
    public int CallBytes { get; init; }

    /// <summary>The producer writes and the consumer checks every byte.</summary>
    public bool Touch { get; init; }

    /// <summary>PR: messages of a group that gets repairs; 0: none gets any.</summary>
    public int FecGroup { get; init; }

    /// <summary>PR: repairs of a group.</summary>
    public int FecRepairs { get; init; }

    /// <summary>What decides how much is on its way, and how fast it leaves.</summary>
    public ICongestionControllerFactory Congestion { get; init; } = CongestionControllers.None;

    /// <summary>The share of data packets that is lost.</summary>
    public double Loss { get; init; }

    /// <summary>What losses are drawn from.</summary>
    public ulong Seed { get; init; } = 1;

    /// <summary>How long to measure.</summary>
    public double Seconds { get; init; } = 2;

    /// <summary>The streams that carry data.</summary>
    internal StreamConfig Stream => new(Mode, Delivery: FecGroup > 0
        ? new ProbabilisticConfig(1, Thinning: false, FecRatio: (double)FecRepairs / FecGroup, GroupSize: FecGroup)
        : null);

    /// <summary>Packets that a window of data frames makes, repairs and all.</summary>
    internal int WindowPackets => Window + (FecGroup > 0 ? ((Window / FecGroup) + 1) * FecRepairs : 0);

    /// <summary>Data frames that are handed over before they are read, at most: the last of a window may be fewer.</summary>
    internal int FramesPerBurst => Burst > 0 ? Burst : Window;

    /// <summary>Whole data frames that one call of the application moves.</summary>
    internal int BytesPerCall => Mode is TransportMode.ReliableOrdered or TransportMode.ReliableUnordered && CallBytes > FrameBytes ? CallBytes / FrameBytes * FrameBytes : FrameBytes;

    /// <summary>
    /// Bytes of an arena's frame: one data frame's payload, in whole cache lines, but where one call fills several: these are filled to the end, and each packet is to
    /// carry one. A lease holds what one call sends. The shortest packet must still fit the slices that a packet has.
    /// </summary>
    internal int ArenaFrameBytes => Math.Max(ArenaFrame > 0 ? ArenaFrame : BytesPerCall > FrameBytes && !ZeroCopy ? FrameBytes : InLines(BytesPerCall), ArenaFrameMin);

    private static int InLines(int bytes) => (bytes + LineBuffer.LineSize - 1) & -LineBuffer.LineSize;

    private const int ArenaFrameMin = 512;

    /// <summary>The least that an endpoint takes with these packets: one must fit one slice less than it has, since its bytes may begin anywhere in a frame.</summary>
    public int ArenaFrameLeast => (FrameLength + Transmission.SliceCountMax - 2) / (Transmission.SliceCountMax - 1);

    /// <summary>
    /// The NexLink frame that carries one data frame: in front of the payload are the NexLink header, the packet's and DATA's; a message that has to
    /// fit one packet leaves room for the longest of each, and for STREAM_OPEN.
    /// </summary>
    internal int FrameLength => Math.Max(ConnectionConfig.FrameLengthMin, FrameBytes + Mode switch
    {
        TransportMode.ReliableOrdered => 80,
        TransportMode.ReliableUnordered => 88,
        _ => 116,
    });
}
