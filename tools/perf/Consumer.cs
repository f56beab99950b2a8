using System.Buffers.Binary;
using NexStream.Core;
using NexStream.Core.Buffers;
using NexStream.Core.Primitives;

namespace NexStream.Perf;

/// <summary>Reads what arrives, and checks it where that was asked for.</summary>
internal sealed class Consumer(PerfOptions options, Endpoint endpoint, int streams)
{
    /// <summary>Lent slices that are read before they are returned.</summary>
    private const int SlicesAtOnce = 16;

    private readonly LineBuffer _destination = new(options.BytesPerCall);
    private readonly PayloadSlice[] _slices = new PayloadSlice[SlicesAtOnce];
    private readonly ulong[] _read = new ulong[streams];

    /// <summary>Bytes read.</summary>
    public long Bytes { get; private set; }

    /// <summary>Reads all that a stream has.</summary>
    /// <exception cref="InvalidDataException">A byte is not what was sent there.</exception>
    public void Read(StreamHandle stream)
    {
        if (options.ZeroCopy)
        {
            ReadLent(stream);
            return;
        }

        Span<byte> destination = _destination.Span;
        bool isTouched = options.Touch;
        for (ReceiveResult result = stream.Receive(destination); result.Status == CallStatus.Ok; result = stream.Receive(destination))
        {
            Bytes += result.Bytes;
            if (isTouched)
            {
                Check(stream, destination[..result.Bytes]);
            }
        }
    }

    private void ReadLent(StreamHandle stream)
    {
        for (ReceiveResult result = stream.ReceiveZeroCopy(_slices); result.Status == CallStatus.Ok; result = stream.ReceiveZeroCopy(_slices))
        {
            Bytes += result.Bytes;
            ReadOnlySpan<PayloadSlice> lent = _slices.AsSpan(0, result.Slices);
            if (options.Touch)
            {
                foreach (ref readonly PayloadSlice slice in lent)
                {
                    Check(stream, endpoint.Bytes(slice));
                }
            }

            endpoint.Return(lent);
        }
    }

    private void Check(StreamHandle stream, ReadOnlySpan<byte> bytes)
    {
        ref ulong offset = ref _read[stream.Index];
        if (options.Mode != TransportMode.ReliableOrdered)
        {
            // Messages may be lost and overtake each other: the first word tells which it is.
            offset = Pattern.OffsetOf(BinaryPrimitives.ReadUInt64LittleEndian(bytes));
        }

        if (!Pattern.Check(bytes, offset))
        {
            throw new InvalidDataException($"Stream {stream.Id}: the {bytes.Length} bytes at {offset} are not those that were sent.");
        }

        offset += (uint)bytes.Length;
    }
}
