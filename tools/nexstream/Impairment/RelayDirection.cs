using NexStream.Core.Buffers;
using NexStream.Core.Primitives;
using NexStream.Driver.Links;

namespace NexStream.Tool.Impairment;

/// <summary>
/// One direction through the imitated network. What comes in is copied into the relay's own frames and its holds go back at once, as a
/// network card would do it: so a lost packet holds nothing, and a duplicate is a packet of its own.
/// </summary>
internal sealed class RelayDirection : IFrameReleaser
{
    private const int BatchSize = 16;

    private readonly Link _from;
    private readonly Link _to;
    private readonly RelayMemory _memory;
    private readonly ImpairmentPlan _plan;
    private readonly PeerRegion _sent;
    private readonly LinkDescriptor[] _received = new LinkDescriptor[BatchSize];
    private readonly PriorityQueue<PacketUnderWay, (long At, long Order)> _underWay = new();
    private readonly Stack<PacketUnderWay> _pool = new();
    private RelayStatistics _statistics;
    private long _order;

    public RelayDirection(Link from, Link to, RelayMemory memory, ImpairmentPlan plan)
    {
        _from = from;
        _to = to;
        _memory = memory;
        _plan = plan;
        _sent = new PeerRegion(from.PeerMemory, from.PeerFrameSize, from.PeerFrameCount, this);
    }

    /// <summary>What became of the packets so far.</summary>
    public ref readonly RelayStatistics Statistics => ref _statistics;

    public Instant NextArrival => _underWay.TryPeek(out _, out (long At, long Order) key) ? new Instant(key.At) : Instant.Never;

    public bool Poll(Instant now)
    {
        bool worked = false;
        int count;
        do
        {
            count = Math.Max(_from.Receive(_received), 0);
            for (int i = 0; i < count; i++)
            {
                Accept(ref _received[i], now);
            }

            worked |= count != 0;
        }
        while (count == BatchSize);

        while (_underWay.TryPeek(out PacketUnderWay? packet, out (long At, long Order) key) && key.At <= now.Nanoseconds && TrySend(packet))
        {
            _underWay.Dequeue();
            worked = true;
        }

        return worked;
    }

    public void Release(int index, int holds) => _from.Release([new LinkRelease((uint)index, (uint)holds)]);

    private void Accept(ref LinkDescriptor descriptor, Instant now)
    {
        PacketFate fate = _plan.Next();
        if (fate.IsLost)
        {
            _statistics.Lost++;
        }
        else
        {
            Enqueue(ref descriptor, now + fate.DelayNs);
            if (fate.IsDuplicated)
            {
                _statistics.Duplicated++;
                Enqueue(ref descriptor, now + fate.DuplicateDelayNs);
            }
        }

        foreach (ref readonly LinkSlice slice in descriptor.Slices[..descriptor.SliceCount])
        {
            Release((int)slice.Frame, 1);
        }
    }

    private void Enqueue(ref LinkDescriptor descriptor, Instant at)
    {
        int frame = -1;
        if (descriptor.SliceCount != 0 && !_memory.TryTake(out frame))
        {
            // A network whose queues are full drops what comes.
            _statistics.Overflowed++;
            return;
        }

        PacketUnderWay packet = _pool.TryPop(out PacketUnderWay? pooled) ? pooled : new PacketUnderWay();
        packet.Frame = frame;
        packet.Descriptor = descriptor;
        int length = 0;
        foreach (ref readonly LinkSlice slice in descriptor.Slices[..descriptor.SliceCount])
        {
            ReadOnlySpan<byte> bytes = _sent.Bytes((int)slice.Frame, (int)slice.Offset, (int)slice.Length);
            bytes.CopyTo(_memory.Bytes(frame, length, bytes.Length));
            length += bytes.Length;
        }

        if (frame >= 0)
        {
            packet.Descriptor.SliceCount = 1;
            packet.Descriptor.Slices[0] = new LinkSlice((uint)frame, 0, (uint)length);
        }

        _statistics.Forwarded++;
        _underWay.Enqueue(packet, (at.Nanoseconds, _order++));
    }

    private bool TrySend(PacketUnderWay packet)
    {
        int sent = _to.Send(new ReadOnlySpan<LinkDescriptor>(in packet.Descriptor));
        if (sent == 0)
        {
            return false;
        }

        if (packet.Frame >= 0 && sent > 0)
        {
            _memory.Lend(packet.Frame);
        }
        else if (packet.Frame >= 0)
        {
            _memory.GiveUp(packet.Frame);
        }

        _pool.Push(packet);
        return true;
    }
}
