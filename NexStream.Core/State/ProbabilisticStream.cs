using NexStream.Core.Buffers;
using NexStream.Core.Config;
using NexStream.Core.Fec;
using NexStream.Core.Primitives;
using NexStream.Core.Wire.Frames;

namespace NexStream.Core.State;

/// <summary>
/// What a Probabilistic stream has beside its <see cref="StreamState"/>: what is wanted and what the receiver reported, the group that is being sent, and
/// what arrives from the peer.
/// </summary>
internal struct ProbabilisticStream
{
    public int Stream;
    public OutboundDelivery Sending;
    public OutboundGroup Group;
    public InboundDelivery Receiving;

    /// <summary>When the group is closed though it is not full: <c>Connection.FlushList</c>.</summary>
    public DueLink Flush;

    /// <summary>When the peer is told what arrived: <c>Connection.ReportList</c>.</summary>
    public DueLink Report;

    internal readonly struct ByFlush : IDueLink<ProbabilisticStream>
    {
        public static ref DueLink Of(ref ProbabilisticStream record) => ref record.Flush;
    }

    internal readonly struct ByReport : IDueLink<ProbabilisticStream>
    {
        public static ref DueLink Of(ref ProbabilisticStream record) => ref record.Report;
    }
}

/// <summary>How the messages are to be delivered, and what becomes of that.</summary>
internal struct OutboundDelivery
{
    /// <summary>What the application asked for; without <see cref="IsWanted"/> messages are sent once, whatever becomes of them.</summary>
    public ProbabilisticConfig Config;
    public bool IsWanted;

    /// <summary>What full groups, and messages, are sent by now; and those groups of another size that was closed last.</summary>
    public RedundancyPlan Plan;
    public RedundancyPlan PartialPlan;
    public int PartialSize;

    public SplitMix64 Draws;
    public DeliveryEstimate Estimate;

    /// <summary>Messages that were left out by a draw.</summary>
    public ulong Thinned;
    public ulong RepairsSent;

    /// <summary>Repairs that were due and for which there was no memory.</summary>
    public ulong RepairsSkipped;
}

/// <summary>The messages that were sent and whose repairs were not: they have consecutive numbers.</summary>
internal struct OutboundGroup
{
    public ulong First;
    public int Count;
    public int Longest;

    /// <summary>The slots of the paths that they took, a bit each.</summary>
    public byte Paths;

    /// <summary>A run for each, the index in the upper half of its position, so that no two are joined.</summary>
    public ChunkList Messages;

    /// <summary>Repairs that were drawn when it began; -1: they are drawn when it is closed.</summary>
    public int Repairs;

    /// <summary>Messages still to be sent without a group: such a group was drawn that gets no repairs.</summary>
    public int Unprotected;

    /// <summary>Whether the last group was full when it was closed: the next is taken to be.</summary>
    public bool LastWasFull;

    public const int IndexShift = 32;
}

/// <summary>What arrives from the peer.</summary>
internal struct InboundDelivery
{
    public LossMeter Meter;

    /// <summary>What the meter showed at the last report, and when that was.</summary>
    public ulong ReportedLost;
    public ulong ReportedRuns;
    public Instant ReportedAt;

    /// <summary>Groups of which something is missing, the one that began last in front.</summary>
    public int GroupHead;
    public int GroupCount;

    /// <summary>What there is to report.</summary>
    public readonly ReceiverReportFrame Report(uint streamId, Instant now)
    {
        // A message that came late may have shortened or joined runs that were reported: then there is nothing to say of new ones.
        long lost = unchecked((long)(Meter.Lost - ReportedLost));
        long runs = unchecked((long)(Meter.Runs - ReportedRuns));
        return new ReceiverReportFrame
        {
            StreamId = streamId,
            Received = Meter.Received,
            Lost = Meter.Lost,
            Recovered = Meter.Recovered,
            BurstLengthMeanQ8 = lost > 0 && runs > 0 ? LossMeter.MeanRunQ8((ulong)lost, (ulong)runs) : 0,
            IntervalUs = (uint)Math.Min((now - ReportedAt) / Instant.Microsecond, uint.MaxValue),
        };
    }

    /// <summary>The report was written.</summary>
    public void OnReported(Instant now)
    {
        ReportedLost = Meter.Lost;
        ReportedRuns = Meter.Runs;
        ReportedAt = now;
    }
}
