using NexStream.Core;
using NexStream.Core.Buffers;
using NexStream.Core.Primitives;
using NexStream.Swarm.Drawing;
using NexStream.Swarm.Oracles;
using NexStream.Swarm.Running;

namespace NexStream.Swarm.Hosts;

/// <summary>The half of an application that reads: at once, late, in small pieces, not at all, by copy and without.</summary>
internal sealed class Reader(World world, Host host, Draw draw)
{
    /// <summary>As many slices as a message of the longest that worlds have can lie in, in the smallest pieces that are not copied together.</summary>
    private const int SlicesMax = 128;

    private readonly byte[] _buffer = new byte[32 * 1024];
    private readonly PayloadSlice[] _slices = new PayloadSlice[SlicesMax];
    private readonly List<(PayloadSlice Slice, ulong Hash)> _kept = [];
    private long _dueAt;

    /// <summary>Whether something waits to be read later.</summary>
    public bool HasDue { get; private set; }

    /// <summary>There is something to read.</summary>
    public void OnReadable(StreamView stream)
    {
        if (world.IsHealed || (host.Plan.ReadsAtAll && host.Plan.ReadNs == 0))
        {
            ReadAll(stream);
            return;
        }

        stream.IsPending = true;
        HasDue |= host.Plan.ReadsAtAll;
        _dueAt = _dueAt <= world.Now ? world.Now + host.Plan.ReadNs : _dueAt;
    }

    /// <summary>A slow reader takes a little of what has waited.</summary>
    public void ReadDue(List<StreamView> streams)
    {
        if (!HasDue || world.Now < _dueAt)
        {
            return;
        }

        HasDue = false;
        _dueAt = world.Now + host.Plan.ReadNs;
        for (int i = streams.Count - 1; i >= 0; i--)
        {
            if (i < streams.Count && streams[i].IsPending)
            {
                StreamView stream = streams[i];
                for (int reads = draw.Between(1, 3); reads > 0 && stream.IsPending; reads--)
                {
                    stream.IsPending = ReadOnce(stream);
                }

                HasDue |= stream.IsPending;
            }
        }
    }

    /// <summary>Reads until there is nothing.</summary>
    public void ReadAll(StreamView stream)
    {
        while (ReadOnce(stream))
        {
        }

        stream.IsPending = false;
    }

    /// <summary>Gives all slices back that were kept.</summary>
    public void ReturnAll()
    {
        foreach ((PayloadSlice slice, ulong hash) in _kept)
        {
            GiveBack(slice, hash);
        }

        _kept.Clear();
    }

    private bool ReadOnce(StreamView stream)
    {
        bool withoutCopy = world.Plan.Has(Feature.ZeroCopyReceive) && draw.OneIn(2);
        bool isOrdered = stream.Sent.Mode == TransportMode.ReliableOrdered;
        int room = isOrdered && draw.OneIn(3) ? draw.Between(1, 400) : _buffer.Length;
        ReceiveResult result = withoutCopy ? stream.Handle.ReceiveZeroCopy(_slices) : stream.Handle.Receive(_buffer.AsSpan(0, room));
        bool isTainted = world.IsTainted(stream.Connection);
        switch (result.Status)
        {
            case CallStatus.Ok when withoutCopy:
                OnSlices(stream, result, isTainted);
                return true;
            case CallStatus.Ok:
                if (!isTainted && isOrdered)
                {
                    stream.Read!.OnBytes(_buffer.AsSpan(0, result.Bytes));
                }
                else if (!isTainted)
                {
                    stream.Read!.OnMessage(_buffer.AsSpan(0, result.Bytes));
                }

                return true;
            case CallStatus.EndOfStream:
                stream.HasEndBeenRead = true;
                if (!isTainted && !stream.Read!.Sent.IsBroken)
                {
                    stream.Read.OnEnd();
                }

                return false;
            case CallStatus.WouldBlock or CallStatus.Closed or CallStatus.Reset:
                return false;
            case CallStatus.MessageTooLong when withoutCopy && result.Slices > _slices.Length:
                // In more pieces than there is room for: it is read by copy.
                return stream.Handle.Receive(_buffer) is { Status: CallStatus.Ok } copied && OnCopied(stream, copied, isTainted);
            default:
                throw new SwarmFailureException("calls answer what they may", $"{stream.Sent.Name}: a read answers {result}");
        }
    }

    private bool OnCopied(StreamView stream, in ReceiveResult result, bool isTainted)
    {
        if (!isTainted)
        {
            stream.Read!.OnMessage(_buffer.AsSpan(0, result.Bytes));
        }

        return true;
    }

    private void OnSlices(StreamView stream, in ReceiveResult result, bool isTainted)
    {
        int offset = 0;
        int index = -1;
        for (int i = 0; i < result.Slices; i++)
        {
            ReadOnlySpan<byte> bytes = host.Endpoint.Bytes(_slices[i]);
            if (!isTainted)
            {
                if (stream.Sent.Mode == TransportMode.ReliableOrdered)
                {
                    stream.Read!.OnBytes(bytes);
                }
                else if (i == 0)
                {
                    // The index is in the first bytes, which a message without gaps may have in several slices: then it is put together to be looked at.
                    index = result.Bytes < SentHalf.IndexedMin ? -1 : IndexOf(result.Slices);
                    stream.Read!.OnMessage(bytes, result.Bytes, index);
                }
                else
                {
                    stream.Read!.OnMessagePart(bytes, offset, result.Bytes, index);
                }
            }

            offset += bytes.Length;
        }

        if (offset != result.Bytes)
        {
            throw new SwarmFailureException("no wrong byte", $"{stream.Sent.Name}: slices of {offset} bytes for a read of {result.Bytes}");
        }

        for (int i = 0; i < result.Slices; i++)
        {
            Keep(_slices[i]);
        }
    }

    private int IndexOf(int slices)
    {
        Span<byte> first = stackalloc byte[sizeof(int)];
        int at = 0;
        for (int i = 0; i < slices && at < first.Length; i++)
        {
            ReadOnlySpan<byte> bytes = host.Endpoint.Bytes(_slices[i]);
            int take = Math.Min(bytes.Length, first.Length - at);
            bytes[..take].CopyTo(first[at..]);
            at += take;
        }

        return System.Buffers.Binary.BinaryPrimitives.ReadInt32LittleEndian(first);
    }

    private void Keep(in PayloadSlice slice)
    {
        const int KeptMax = 16;
        if (world.IsHealed || draw.OneIn(2))
        {
            host.Endpoint.Return([slice]);
            return;
        }

        _kept.Add((slice, Pattern.HashOf(host.Endpoint.Bytes(slice))));
        if (_kept.Count > KeptMax)
        {
            int at = draw.Below(_kept.Count);
            GiveBack(_kept[at].Slice, _kept[at].Hash);
            _kept.RemoveAt(at);
        }
    }

    private void GiveBack(in PayloadSlice slice, ulong hash)
    {
        ImmutabilityRules.Check(host.Endpoint.Bytes(slice), hash, (uint)slice.Index, "the application");
        host.Endpoint.Return([slice]);
    }
}
