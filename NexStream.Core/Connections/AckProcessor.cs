using NexStream.Core.Congestion;
using NexStream.Core.Primitives;
using NexStream.Core.Recovery;
using NexStream.Core.State;
using NexStream.Core.Wire.Frames;

namespace NexStream.Core.Connections;

/// <summary>What an acknowledgement of packets means: RTT, delivery, loss, congestion control, credit (RFC 9002 appendix A.7).</summary>
internal sealed class AckProcessor(EndpointState state, PacketContents contents, LossDetector lossDetector)
{
    /// <summary>Handles DATA_ACK on stream 0. Returns the violation, or none.</summary>
    public ReasonCode Process(Connection connection, Path path, in PacketAckFrame frame, Instant now)
    {
        ulong largest = SequenceNumber.Expand(frame.LargestLow32, path.NextPacketNumber);
        if (largest >= path.NextPacketNumber)
        {
            return ReasonCode.AcknowledgementViolation;
        }

        Span<PacketNumberRange> ranges = stackalloc PacketNumberRange[PacketAckFrame.RangeCountMax];
        if (!frame.TryExpandRanges(largest, ranges, out int count))
        {
            return ReasonCode.FrameEncodingError;
        }

        ranges = ranges[..count];
        if (NamesSkipped(path, ranges))
        {
            return ReasonCode.AcknowledgementViolation;
        }

        if (connection.Credit.Raise(frame.ConnectionCredit))
        {
            connection.Scheduler.Unblock(state.Streams);
        }

        FindSpurious(path, ranges, now);
        var batch = new Batch { PriorInFlight = path.BytesInFlight };
        TakeAcknowledged(path, ranges, ref batch);
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
    private void TakeAcknowledged(Path path, ReadOnlySpan<PacketNumberRange> newestFirst, ref Batch batch)
    {
        int range = newestFirst.Length - 1;
        int index = path.InFlight.Head;
        while (index >= 0 && range >= 0)
        {
            ref SentPacket packet = ref state.Packets[index];
            int next = packet.Next;
            if (packet.Number > newestFirst[range].Last)
            {
                range--;
                continue;
            }

            if (packet.Number >= newestFirst[range].First)
            {
                lossDetector.Remove(path, index);
                batch.Add(packet);
                contents.OnAcknowledged(packet);
                lossDetector.Forget(index);
            }

            index = next;
        }
    }

    private static void OnNewlyAcknowledged(Connection connection, Path path, in PacketAckFrame frame, ulong largest, ref Batch batch, Instant now)
    {
        // The peer's delay counts only as far as it promised, and only where the sample stays above the smallest RTT (RFC 9002 §5.3).
        if (batch.Largest == largest && batch.LargestIsAckEliciting && (!path.HasAcknowledgement || largest > path.LargestAcknowledged))
        {
            long delayNs = Math.Min(frame.AckDelayUs * Instant.Microsecond, connection.PeerMaxAckDelayNs);
            path.Rtt.Update(now - batch.LargestSentAt, delayNs);
        }

        bool isNewest = !path.HasAcknowledgement || largest > path.LargestAcknowledged;
        path.LargestAcknowledged = path.HasAcknowledgement ? Math.Max(path.LargestAcknowledged, largest) : largest;
        path.HasAcknowledgement = true;
        path.ProbeTimeoutCount = 0;
        path.ProbesAllowed = 0;
        path.Delivered += batch.Bytes;
        path.DeliveredAt = now;
        path.FirstSentAt = batch.LargestSentAt;
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

    private static void ReportToController(Path path, in Batch batch, Instant now)
    {
        // The sample of draft-cheng-iccrg-delivery-rate-estimation: bytes delivered since the packet left, over the longer of the two phases.
        long ackIntervalNs = now - batch.PriorDeliveredAt;
        long sendIntervalNs = batch.LargestSentAt - batch.PriorFirstSentAt;
        long intervalNs = Math.Max(ackIntervalNs, sendIntervalNs);
        long delivered = path.Delivered - batch.PriorDelivered;
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
            LatestRttNs = path.Rtt.LatestNs,
            SmoothedRttNs = path.Rtt.SmoothedNs,
            MinRttNs = path.Rtt.MinNs,
            IsApplicationLimited = batch.IsApplicationLimited,
            Delivered = path.Delivered,
            PriorDelivered = batch.PriorDelivered,
            SampleDelivered = delivered,
            DeliveryIntervalNs = intervalNs,
            DeliveryRate = intervalNs > 0 ? (long)((Int128)delivered * Instant.Second / intervalNs) : 0,
        });
    }

    private void FindSpurious(Path path, ReadOnlySpan<PacketNumberRange> ranges, Instant now)
    {
        Instant reported = Instant.Never;
        for (int index = path.RecentlyLost.Head; index >= 0;)
        {
            ref SentPacket packet = ref state.Packets[index];
            int next = packet.Next;
            foreach (ref readonly PacketNumberRange range in ranges)
            {
                if (packet.Number >= range.First && packet.Number <= range.Last)
                {
                    path.SpuriousLosses++;
                    path.RecentlyLost.Remove(state.Packets, index);
                    if (packet.SentAt != reported)
                    {
                        // One burst is one event for the controller.
                        reported = packet.SentAt;
                        path.Congestion.OnSpuriousLoss(now, packet.SentAt, packet.Size);
                    }

                    contents.OnAcknowledged(packet);
                    lossDetector.Forget(index);
                    break;
                }
            }

            index = next;
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
        public bool IsApplicationLimited;
        public long PriorDelivered;
        public Instant PriorDeliveredAt;
        public Instant PriorFirstSentAt;
        public ulong LargestReported;
        public bool HasReport;

        public void Add(in SentPacket packet)
        {
            Bytes += packet.Size;
            Packets++;
            Marked += (packet.Flags & SentPacketFlags.Ect0) != 0 ? 1 : 0;
            Largest = packet.Number;
            LargestSentAt = packet.SentAt;
            LargestIsAckEliciting = (packet.Flags & SentPacketFlags.AckEliciting) != 0;
            IsApplicationLimited = (packet.Flags & SentPacketFlags.ApplicationLimited) != 0;
            PriorDelivered = packet.Delivered;
            PriorDeliveredAt = packet.DeliveredAt;
            PriorFirstSentAt = packet.FirstSentAt;
            if ((packet.Flags & SentPacketFlags.ReportsReceived) != 0)
            {
                LargestReported = packet.LargestReported;
                HasReport = true;
            }
        }
    }
}
