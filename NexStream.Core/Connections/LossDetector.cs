using System.Runtime.CompilerServices;
using NexStream.Core.Congestion;
using NexStream.Core.Primitives;
using NexStream.Core.Recovery;
using NexStream.Core.State;

namespace NexStream.Core.Connections;

/// <summary>Declares packets lost by packet and time threshold (RFC 9002 §6.1) and says when a probe is due (§6.2).</summary>
internal sealed class LossDetector(EndpointState state, PacketContents contents)
{
    /// <summary>The probe time-out backs off to at most this: links here come back (design, time; a stated deviation from RFC 9002 §6.2.1).</summary>
    private const long ProbeTimeoutMaxNs = 2 * Instant.Second;

    /// <summary>Two packets a probe time-out, so that one of them may be lost (RFC 9002 §6.2.4).</summary>
    private const int ProbesPerTimeout = 2;

    /// <summary>How many packets are remembered after they were declared lost, to notice that they were not.</summary>
    private const int RecentlyLostMax = 256;

    /// <summary>For so many probe time-outs they are remembered, as RFC 9000 §10.2 lets late packets of a connection come.</summary>
    private const int KeptProbeTimeouts = 3;

    /// <summary>Declares lost what the largest acknowledged packet leaves behind, and sets the time at which the next will be.</summary>
    public void Detect(Connection connection, Path path, Instant now)
    {
        path.LossAt = Instant.Never;
        if (!path.HasAcknowledgement)
        {
            return;
        }

        long delayNs = path.Reordering.LossDelayNs(path.Rtt);
        long priorInFlight = path.BytesInFlight;
        var run = new LossRun(path.FirstRttAt);
        while (path.InFlight.Head is var index && index >= 0)
        {
            ref SentPacket packet = ref state.Packets[index];
            if (packet.Number >= path.LargestAcknowledged)
            {
                break;
            }

            Instant due = packet.SentAt + delayNs;
            if (due > now && !path.Reordering.IsBeyondThreshold(packet.Number, path.LargestAcknowledged))
            {
                path.LossAt = due;
                break;
            }

            RemoveOldest(path);
            if ((packet.Flags & SentPacketFlags.MtuProbe) != 0)
            {
                // Not a sign of congestion (RFC 9000 §14.4), and nothing was lost with it.
                MtuProber.OnProbeLost(path, packet.Size, now);
                Forget(index);
                continue;
            }

            path.PacketsLost++;
            if (packet.Size > 0)
            {
                // What left before the path moved was discounted, and says nothing of where it leads now (RFC 9000 §9.4).
                run.Add(packet);
                path.Congestion.OnPacketLost(path.Rate.OnLost(packet, now));
            }

            contents.OnLost(connection, path, ref packet, now);
            Remember(path, index);
        }

        if (run.Packets > 0)
        {
            Report(connection, path, run, priorInFlight, now);
        }
    }

    /// <summary>When the next probe is due; never, when nothing is in flight that asks for an acknowledgement.</summary>
    public static Instant ProbeAt(Connection connection, Path path)
    {
        if (path.AckElicitingInFlight == 0)
        {
            return Instant.Never;
        }

        long timeoutNs = path.Rtt.PtoNs(connection.PeerMaxAckDelayNs);
        return path.LastAckElicitingSentAt + BackedOff(timeoutNs, path.ProbeTimeoutCount);
    }

    /// <summary>A time-out doubled as often as it has passed, up to the cap; one that is longer by itself stays as it is.</summary>
    public static long BackedOff(long timeoutNs, int count) =>
        Math.Max(timeoutNs, Math.Min(timeoutNs << Math.Min(count, 16), ProbeTimeoutMaxNs));

    /// <summary>The loss timer fired: the time threshold, else a probe.</summary>
    public void OnTimeout(Connection connection, Path path, Instant now)
    {
        if (path.LossAt <= now)
        {
            Detect(connection, path, now);
            state.MarkReady(connection);
            return;
        }

        if (ProbeAt(connection, path) > now)
        {
            return;
        }

        path.ProbeTimeoutCount++;
        path.ProbeTimeouts++;
        path.ProbesAllowed = ProbesPerTimeout;
        MtuProber.OnProbeTimeout(path, OldestLength(path), now);
        int index = path.InFlight.Head;
        for (int probes = 0; index >= 0 && probes < ProbesPerTimeout; index = state.Packets[index].Link.Next)
        {
            if (state.Packets[index].Length > 0 || contents.IsCurrentSegment(state.Packets[index]))
            {
                Single(path, index);
            }

            if (contents.TryProbe(connection, path, ref state.Packets[index]))
            {
                probes++;
            }
        }

        state.MarkReady(connection);
    }

    /// <summary>
    /// A probe needs records as every packet does. Where there are none, the oldest packets of its path are forgotten and what they carried goes again: nothing
    /// else could be sent that brings an acknowledgement.
    /// </summary>
    public void FreeRecords(Connection connection, Path path)
    {
        while (!state.HasRecordsFor(path))
        {
            int index = RemoveOldest(path);
            contents.OnForgotten(connection, path, ref state.Packets[index]);
            Forget(index);
        }
    }

    /// <summary>The oldest packet in flight leaves the books. Returns its record, which stands for it alone.</summary>
    private int RemoveOldest(Path path)
    {
        int index = path.InFlight.Head;
        Single(path, index);
        ref SentPacket packet = ref state.Packets[index];
        path.InFlight.Remove(state.Packets, index);
        path.BytesInFlight -= packet.Size;
        if ((packet.Flags & SentPacketFlags.AckEliciting) != 0)
        {
            path.AckElicitingInFlight--;
        }

        Invariant.Check(path.BytesInFlight >= 0 && path.AckElicitingInFlight >= 0, "What leaves the books was in them.");
        return index;
    }

    /// <summary>The first packet of a record gets it for itself.</summary>
    private void Single(Path path, int index)
    {
        if (state.Packets[index].Packets > 1)
        {
            contents.Split(path, index, 1);
        }
    }

    /// <summary>Forgets a packet altogether.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    public void Forget(int index)
    {
        contents.FreeControls(ref state.Packets[index]);
        state.Packets.Free(index);
    }

    /// <summary>
    /// Takes everything in flight for lost, because nobody is where it was sent to. That is no sign of congestion; what arrived all the same is noticed when it is
    /// acknowledged.
    /// </summary>
    public void Abandon(Connection connection, Path path, Instant now)
    {
        while (path.InFlight.Head >= 0)
        {
            int index = RemoveOldest(path);
            if ((state.Packets[index].Flags & SentPacketFlags.MtuProbe) != 0)
            {
                MtuProber.OnProbeLost(path, state.Packets[index].Size, now);
                Forget(index);
                continue;
            }

            path.PacketsLost++;
            contents.OnLost(connection, path, ref state.Packets[index], now);
            Remember(path, index);
        }

        path.LossAt = Instant.Never;
    }

    /// <summary>What is in flight went another way than what comes now: it may still be acknowledged, but counts for no window (RFC 9000 §9.4).</summary>
    public void Discount(Path path)
    {
        for (int index = path.InFlight.Head; index >= 0; index = state.Packets[index].Link.Next)
        {
            // Where a record is split, its size says what was in flight when the packets behind it left.
            Single(path, index);
            path.BytesInFlight -= state.Packets[index].Size;
            state.Packets[index].Size = 0;
        }
    }

    /// <summary>Forgets all packets of a path whose connection ended.</summary>
    public void ForgetAll(Path path)
    {
        while (path.InFlight.Head >= 0)
        {
            int index = RemoveOldest(path);
            contents.Forgo(state.Packets[index]);
            Forget(index);
        }

        while (path.RecentlyLost.Head is var index && index >= 0)
        {
            path.RecentlyLost.Remove(state.Packets, index);
            Forget(index);
        }
    }

    /// <summary>Forgets packets declared lost that no acknowledgement can be expected for any more.</summary>
    public void ForgetOld(Connection connection, Path path, Instant now)
    {
        long keepNs = KeptProbeTimeouts * path.Rtt.PtoNs(connection.PeerMaxAckDelayNs);
        while (path.RecentlyLost.Head is var index && index >= 0 && state.Packets[index].SentAt + keepNs < now)
        {
            path.RecentlyLost.Remove(state.Packets, index);
            Forget(index);
        }
    }

    /// <summary>The length of the oldest packet in flight that is not itself a probe of what the path carries; 0: there is none.</summary>
    private int OldestLength(Path path)
    {
        int index = path.InFlight.Head;
        while (index >= 0 && (state.Packets[index].Flags & SentPacketFlags.MtuProbe) != 0)
        {
            index = state.Packets[index].Link.Next;
        }

        return index < 0 ? 0 : state.Packets[index].Size;
    }

    private void Remember(Path path, int index)
    {
        contents.FreeControls(ref state.Packets[index]);
        path.RecentlyLost.Append(state.Packets, index);
        if (path.RecentlyLost.Count > RecentlyLostMax || state.PacketsUnreserved < RecentlyLostMax)
        {
            int oldest = path.RecentlyLost.Head;
            path.RecentlyLost.Remove(state.Packets, oldest);
            Forget(oldest);
        }
    }

    private static void Report(Connection connection, Path path, in LossRun run, long priorInFlight, Instant now)
    {
        path.Reordering.OnLost(run.LargestSentAt, now);

        // Persistent congestion needs an RTT sample and a run of losses without a packet acknowledged between (RFC 9002 §7.6).
        bool isPersistent = path.Rtt.HasSample && run.LongestNs > path.Rtt.PersistentCongestionNs(connection.PeerMaxAckDelayNs);
        if (isPersistent)
        {
            path.Rtt.OnPersistentCongestion();
        }

        MtuProber.OnLost(path, run.Shortest, run.LargestSentAt, now);
        path.Ecn.OnLost(run.Marked);
        path.Congestion.OnLost(new LostBatch
        {
            Now = now,
            LostBytes = run.Bytes,
            LostPackets = run.Packets,
            LostRanges = run.Ranges,
            LargestLost = run.Largest,
            LargestLostSentAt = run.LargestSentAt,
            BytesInFlight = path.BytesInFlight,
            PriorBytesInFlight = priorInFlight,
            Delivered = path.Rate.Delivered,
            PersistentCongestion = isPersistent,
        });
    }

    /// <summary>What one pass of loss detection declared lost.</summary>
    private struct LossRun(Instant firstRttAt)
    {
        public long Bytes;
        public int Packets;
        public int Ranges;
        public int Marked;
        public int Shortest = int.MaxValue;
        public ulong Largest;
        public Instant LargestSentAt;
        public long LongestNs;
        private Instant _startedAt;
        private bool _isSpell;

        public void Add(in SentPacket packet)
        {
            if (Packets == 0 || packet.Number != Largest + 1)
            {
                Ranges++;
            }

            // The spell of loss begins with the first packet after the first RTT sample, and ends at every packet that arrived (RFC 9002 §7.6.2).
            if (!_isSpell || (packet.Flags & SentPacketFlags.FollowsAcknowledged) != 0)
            {
                _isSpell = packet.SentAt > firstRttAt;
                _startedAt = packet.SentAt;
            }

            Bytes += packet.Size;
            Shortest = Math.Min(Shortest, packet.Size);
            Packets++;
            Marked += (packet.Flags & SentPacketFlags.Ect0) != 0 ? 1 : 0;
            Largest = packet.Number;
            LargestSentAt = packet.SentAt;
            LongestNs = Math.Max(LongestNs, packet.SentAt - _startedAt);
        }
    }
}
