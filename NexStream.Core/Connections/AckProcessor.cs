using System.Runtime.CompilerServices;
using NexStream.Core.Buffers;
using NexStream.Core.Congestion;
using NexStream.Core.Primitives;
using NexStream.Core.Recovery;
using NexStream.Core.State;
using NexStream.Core.Wire.Frames;

namespace NexStream.Core.Connections;

/// <summary>What an acknowledgement of packets means: RTT, delivery, loss, congestion control, credit (RFC 9002 appendix A.7).</summary>
internal sealed class AckProcessor(EndpointState state, PacketContents contents, LossDetector lossDetector, PathLiveness liveness)
{
    private readonly Slab<SentPacket> _packets = state.Packets;

    /// <summary>For the acknowledgement at hand: the stack would have to be cleared for each.</summary>
    private readonly PacketNumberRange[] _ranges = new PacketNumberRange[PacketAckFrame.RangeCountMax];

    /// <summary>Handles DATA_ACK on stream 0. Returns the violation, or none.</summary>
    public ReasonCode Process(Connection connection, Path path, in PacketAckFrame frame, Instant now)
    {
        ulong largest = SequenceNumber.Expand(frame.LargestLow32, path.NextPacketNumber);
        if (largest >= path.NextPacketNumber)
        {
            return ReasonCode.AcknowledgementViolation;
        }

        if (!frame.TryExpandRanges(largest, _ranges, out int count))
        {
            return ReasonCode.FrameEncodingError;
        }

        ReadOnlySpan<PacketNumberRange> ranges = _ranges.AsSpan(0, count);
        if (NamesSkipped(path, ranges))
        {
            return ReasonCode.AcknowledgementViolation;
        }

        if (connection.Credit.Raise(frame.ConnectionCredit))
        {
            connection.Scheduler.Unblock(state.Streams);
        }

        ulong spurious = path.SpuriousLosses;
        Instant sentAt = path.RecentlyLost.Count > 0 ? FindSpurious(path, ranges, largest, now) : Instant.Never;

        var batch = new Batch { PriorInFlight = path.BytesInFlight, PriorLost = path.Rate.Lost };
        TakeAcknowledged(path, ranges, now, ref batch);
        if (batch.Packets > 0)
        {
            OnNewlyAcknowledged(connection, path, frame, largest, ref batch, now);
        }

        lossDetector.Detect(connection, path, now);
        lossDetector.ForgetOld(connection, path, now);
        if (batch.Packets > 0)
        {
            ReportToController(path, batch, now);
        }

        if (path.State == PathState.Silent && (batch.Packets > 0 || path.SpuriousLosses != spurious))
        {
            liveness.OnAnswer(connection, path, now);
            if (sentAt != Instant.Never)
            {
                // On a path that became longer than its probe time-out every packet is given up before its acknowledgement is there: without this sample that would go on for ever.
                path.OnRttSample(now - sentAt, DelayOf(connection, frame), now);
            }
        }

        state.MarkReady(connection);
        return ReasonCode.None;
    }

    private static bool NamesSkipped(Path path, ReadOnlySpan<PacketNumberRange> ranges)
    {
        foreach (ref readonly PacketNumberRange range in ranges)
        {
            if (path.SkippedNumber >= range.First && path.SkippedNumber <= range.Last)
            {
                return true;
            }
        }

        return false;
    }

    /// <summary>Walks the packets in flight and the ranges together, oldest first: the cost is what is acknowledged, not what the ranges span.</summary>
    private void TakeAcknowledged(Path path, ReadOnlySpan<PacketNumberRange> newestFirst, Instant now, ref Batch batch)
    {
        int range = newestFirst.Length - 1;
        int index = path.InFlight.Head;
        int newest = Slab<SentPacket>.None;
        while (index >= 0 && range >= 0)
        {
            ref SentPacket packet = ref _packets[index];
            if (packet.Number > newestFirst[range].Last)
            {
                range--;
            }
            else if (packet.Last < newestFirst[range].First)
            {
                index = packet.Link.Next;
            }
            else if (packet.Number < newestFirst[range].First)
            {
                index = contents.Split(path, index, (int)(newestFirst[range].First - packet.Number));
            }
            else
            {
                index = TakeRun(path, index, newestFirst[range].Last, now, ref batch, out newest);
            }
        }

        if (batch.Packets > 0)
        {
            // The sample of the delivery rate is that of the packet sent last (draft-ietf-ccwg-bbr §4.1.2.3): the others only add their bytes.
            path.BytesInFlight -= batch.Bytes;
            path.AckElicitingInFlight -= batch.Packets;
            Invariant.Check(path.BytesInFlight >= 0 && path.AckElicitingInFlight >= 0, "What leaves the books was in them.");
            path.Rate.OnAcknowledged(_packets[newest], batch.Bytes, now);
        }
    }

    /// <summary>
    /// Takes out the packets from one on up to a number: they stand in a row, and leave their list together. Returns the one behind them. The last of them is free, and keeps its
    /// content until it is taken again: no packet is split behind the last run.
    /// </summary>
    private int TakeRun(Path path, int first, ulong last, Instant now, ref Batch batch, out int newest)
    {
        int index = first;
        int end = first;
        int before = _packets[first].Link.Previous;
        int records = 0;
        int packetsBefore = batch.Packets;
        ByteRun run = default;
        Slab<SentPacket> packets = _packets;
        while (index >= 0)
        {
            ref SentPacket packet = ref packets[index];
            if (packet.Number > last)
            {
                break;
            }

            if (packet.Last > last)
            {
                contents.Split(path, index, (int)(last - packet.Number) + 1);
            }

            end = index;
            index = packet.Link.Next;
            records++;
            batch.Add(packet);
            if (!IsCommon(packet))
            {
                MtuProber.OnAcknowledged(path, packet, now);
                contents.OnAcknowledged(packet);
                lossDetector.Forget(end);
                continue;
            }

            Invariant.Check(packet.Length == 0 || packet.Segment < 0, "A packet carries bytes, or a part of a message.");
            path.Mtu.OnAcknowledged(packet.Size, packet.SentAt);
            if (packet.Length == 0)
            {
                contents.OnSegmentAcknowledged(packet);
            }
            else if (!run.TryAdd(packet))
            {
                Take(run);
                run = ByteRun.Of(packet);
            }

            packets.Free(end);
        }

        Take(run);

        newest = end;
        batch.OnNewest(packets[end]);
        int count = batch.Packets - packetsBefore;
        state.PacketsInRuns -= count - records;
        path.InFlight.RemoveRun(_packets, before, index, count);
        if (index >= 0)
        {
            _packets[index].Flags |= SentPacketFlags.FollowsAcknowledged;
        }
        else
        {
            path.IsTailAcknowledged = true;
        }

        return index;
    }

    /// <summary>Whether an acknowledgement means nothing but that bytes of RO sent once, or a part of a message, or what is not kept, have arrived.</summary>
    [MethodImpl(MethodImplOptions.AggressiveInlining)]
    private static bool IsCommon(in SentPacket packet) =>
        (packet.Flags & (SentPacketFlags.Fin | SentPacketFlags.SentAgain | SentPacketFlags.Requeued | SentPacketFlags.MtuProbe)) == 0
        && (packet.Message & packet.Control) < 0;

    private void Take(in ByteRun run)
    {
        if (run.Packets > 0)
        {
            contents.OnAcknowledged(run);
        }
    }

    private static void OnNewlyAcknowledged(Connection connection, Path path, in PacketAckFrame frame, ulong largest, ref Batch batch, Instant now)
    {
        if (batch.Largest == largest && batch.LargestIsAckEliciting && (!path.HasAcknowledgement || largest > path.LargestAcknowledged))
        {
            path.OnRttSample(now - batch.LargestSentAt, DelayOf(connection, frame), now);
            batch.RttSampleNs = path.Rtt.LatestNs;
        }

        bool isNewest = !path.HasAcknowledgement || largest > path.LargestAcknowledged;
        path.LargestAcknowledged = path.HasAcknowledgement ? Math.Max(path.LargestAcknowledged, largest) : largest;
        path.HasAcknowledgement = true;
        path.ProbeTimeoutCount = 0;
        path.ProbesAllowed = 0;
        if (batch.HasReport)
        {
            path.Received.OnAckAcknowledged(batch.LargestReported);
        }

        // Counts of an acknowledgement that was overtaken are old, not false (RFC 9000 §13.4.2.1).
        if (!isNewest || (!frame.HasEcn && batch.Marked == 0))
        {
            return;
        }

        path.Ecn.OnAck(frame.Ecn.Ect0, frame.Ecn.Ect1, frame.Ecn.Ce, batch.Marked, out ulong newCe);
        if (newCe > 0)
        {
            path.Congestion.OnCongestionExperienced(now, batch.LargestSentAt, newCe);
        }
    }

    /// <summary>The peer's delay counts only as far as it promised, and only where the sample stays above the smallest RTT (RFC 9002 §5.3).</summary>
    private static long DelayOf(Connection connection, in PacketAckFrame frame) => Math.Min(frame.AckDelayUs * Instant.Microsecond, connection.PeerMaxAckDelayNs);

    private static void ReportToController(Path path, in Batch batch, Instant now)
    {
        DeliveryRateSample sample = path.Rate.Take(now, path.Rtt.MinNs);
        path.Congestion.OnAcknowledged(new AcknowledgedBatch
        {
            Now = now,
            AcknowledgedBytes = batch.Bytes,
            AcknowledgedPackets = batch.Packets,
            LargestAcknowledged = batch.Largest,
            LargestAcknowledgedSentAt = batch.LargestSentAt,
            LargestSent = path.NextPacketNumber - 1,
            BytesInFlight = path.BytesInFlight,
            PriorBytesInFlight = batch.PriorInFlight,
            RttSampleNs = batch.RttSampleNs,
            LatestRttNs = path.Rtt.LatestNs,
            SmoothedRttNs = path.Rtt.SmoothedNs,
            MinRttNs = path.Rtt.MinNs,
            IsApplicationLimited = sample.IsApplicationLimited,
            Delivered = path.Rate.Delivered,
            PriorDelivered = sample.PriorDelivered,
            SampleDelivered = sample.Delivered,
            DeliveryIntervalNs = sample.IntervalNs,
            DeliveryRate = sample.Rate,
            TransmitInFlight = sample.TransmitInFlight,
            LostBytes = path.Rate.Lost - batch.PriorLost,
            SampleLostBytes = sample.LostBytes,
        });
    }

    /// <summary>
    /// Both lists are in the order of their numbers and are walked together. What left at one instant is one event for the controller. Returns when the packet left that is the
    /// largest acknowledged, or Never if that was not taken for lost.
    /// </summary>
    private Instant FindSpurious(Path path, ReadOnlySpan<PacketNumberRange> newestFirst, ulong largest, Instant now)
    {
        int range = newestFirst.Length - 1;
        int index = FirstLostFrom(path, newestFirst[range].First);
        Instant sentAt = Instant.Never;
        Instant largestSentAt = Instant.Never;
        long bytes = 0;
        while (index >= 0 && range >= 0)
        {
            ref SentPacket packet = ref _packets[index];
            int next = packet.Link.Next;
            if (packet.Number > newestFirst[range].Last)
            {
                range--;
                continue;
            }

            if (packet.Number >= newestFirst[range].First)
            {
                if (packet.SentAt != sentAt)
                {
                    ReportSpurious(path, now, sentAt, bytes);
                    sentAt = packet.SentAt;
                    bytes = 0;
                }

                largestSentAt = packet.Number == largest ? packet.SentAt : Instant.Never;
                bytes += packet.Size;
                path.SpuriousLosses++;
                path.Reordering.OnSpuriousLoss(now - packet.SentAt, path.Rtt);
                path.Rate.OnSpuriousLoss(packet.Size, now);
                path.RecentlyLost.Remove(_packets, index);
                contents.OnAcknowledged(packet);
                lossDetector.Forget(index);
            }

            index = next;
        }

        ReportSpurious(path, now, sentAt, bytes);
        return largestSentAt;
    }

    /// <summary>The oldest of the lost packets with this number or a higher one: they lie at the end of the list, and nothing before them is named by an acknowledgement that begins there.</summary>
    private int FirstLostFrom(Path path, ulong number)
    {
        int first = Slab<SentPacket>.None;
        for (int i = path.RecentlyLost.Tail; i >= 0 && _packets[i].Number >= number; i = _packets[i].Link.Previous)
        {
            first = i;
        }

        return first;
    }

    private static void ReportSpurious(Path path, Instant now, Instant sentAt, long bytes)
    {
        if (bytes > 0)
        {
            path.Congestion.OnSpuriousLoss(now, sentAt, bytes);
        }
    }

    /// <summary>What one acknowledgement took out of the books.</summary>
    private struct Batch
    {
        public long PriorInFlight;
        public long Bytes;
        public int Packets;
        public int Marked;
        public ulong Largest;
        public Instant LargestSentAt;
        public bool LargestIsAckEliciting;
        public long PriorLost;
        public long RttSampleNs;
        public ulong LargestReported;
        public bool HasReport;

        [MethodImpl(MethodImplOptions.AggressiveInlining)]
        public void Add(in SentPacket packet)
        {
            Bytes += (long)packet.Packets * packet.Size;
            Packets += packet.Packets;
            Marked += (packet.Flags & SentPacketFlags.Ect0) != 0 ? packet.Packets : 0;
            if ((packet.Flags & SentPacketFlags.ReportsReceived) != 0)
            {
                LargestReported = packet.LargestReported;
                HasReport = true;
            }
        }

        /// <summary>The last of a run: those that are taken out are older than it.</summary>
        public void OnNewest(in SentPacket packet)
        {
            Largest = packet.Last;
            LargestSentAt = packet.SentAt;
            LargestIsAckEliciting = (packet.Flags & SentPacketFlags.AckEliciting) != 0;
        }
    }
}
