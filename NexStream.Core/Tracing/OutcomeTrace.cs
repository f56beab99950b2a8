using NexStream.Core.Buffers;
using NexStream.Core.Events;
using NexStream.Core.Wire;

namespace NexStream.Core.Tracing;

/// <summary>
/// Takes in what an endpoint gives back, as a sequence of numbers and bytes that a recorder and a replay make in the same way: so they compare a hash, and
/// show the sequence.
/// </summary>
internal sealed class OutcomeTrace(FrameTable frames)
{
    private readonly FrameRegion?[] _peers = new FrameRegion?[1 << (32 - PayloadSlice.IndexBits)];
    private int _peersEnd;
    private TraceHash _hash;

    /// <summary>Who wants to see more than the hash.</summary>
    public ITraceFields? Fields { get; set; }

    /// <summary>The running hash, cut.</summary>
    public uint Hash => _hash.Short;

    /// <summary>What memory is in use belongs to no call, but has to be the same when the next one comes.</summary>
    public void Memory()
    {
        int held = 0;
        foreach (FrameRegion? region in _peers.AsSpan(0, _peersEnd))
        {
            held += region?.Held ?? 0;
        }

        _hash.Add(((ulong)(uint)frames.Arena.FreeCount << 32) | (uint)held);
    }

    /// <summary>A peer's frames are known from now on.</summary>
    public void Watch(FrameRegion region)
    {
        _peers[region.Number] = region;
        _peersEnd = Math.Max(_peersEnd, region.Number + 1);
    }

    /// <summary>They are no longer.</summary>
    public void Forget(int number) => _peers[number] = null;

    public void Done() => Number(0);

    public void Status(CallStatus status) => Number((ulong)status);

    public void Handle(int index, uint generation) => Number(((ulong)generation << 32) | (uint)index);

    public void Region(int number) => Number((uint)number);

    public void Path(byte id) => Number(id);

    public void Result(in SendResult result)
    {
        Number((ulong)result.Status);
        Number((uint)result.Bytes);
        Number(result.Message);
    }

    public void Result(in ReceiveResult result)
    {
        Number((ulong)result.Status);
        Number((uint)result.Bytes);
        Number((uint)result.Slices);
        Number(result.HasMessageNumber ? 1UL : 0);
        Number(result.Message);
        Number((ulong)result.Reason);
    }

    public void Event(in EndpointEvent item)
    {
        Number((ulong)item.Kind);
        Handle(item.Connection.Index, item.Connection.Generation);
        Handle(item.Stream.Index, item.Stream.Generation);
        Number((ulong)item.Reason);
        Number(item.Value);
        Number(unchecked((ulong)item.Report.UndeliveredBytes));
        Number(unchecked((ulong)item.Report.UndeliveredMessages));
        Number(unchecked((ulong)item.Report.UnreadBytes));
    }

    public void Deadline(in ConnectionDeadline deadline)
    {
        Handle(deadline.Connection.Index, deadline.Connection.Generation);
        Number(unchecked((ulong)deadline.Deadline.Nanoseconds));
        Number((ulong)deadline.Kind);
    }

    /// <summary>Packets: the NexLink header, the head, and each slice with what lies in it.</summary>
    public void Packets(ReadOnlySpan<Transmission> burst)
    {
        Span<byte> header = stackalloc byte[LinkHeader.Size];
        Number((uint)burst.Length);
        foreach (Transmission packet in burst)
        {
            packet.Header.Write(header);
            Bytes(header);
            Bytes(packet.Head);
            Slices(packet.Slices);
        }
    }

    public void Slices(ReadOnlySpan<PayloadSlice> slices)
    {
        Number((uint)slices.Length);
        foreach (ref readonly PayloadSlice slice in slices)
        {
            Number(((ulong)slice.Frame << 32) | (uint)slice.Offset);
            Bytes(frames.Bytes(slice));
        }
    }

    public void Bytes(ReadOnlySpan<byte> bytes)
    {
        _hash.Add(bytes);
        Fields?.Bytes(bytes);
    }

    private void Number(ulong value)
    {
        _hash.Add(value);
        Fields?.Number(value);
    }
}
