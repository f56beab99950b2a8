using NexStream.Core;
using NexStream.Core.Buffers;
using NexStream.Tests.Support;

namespace NexStream.Tests.ZeroCopy;

/// <summary>What an application does with leases and with slices that it received.</summary>
internal static class Lending
{
    /// <summary>A lease, or a failed test.</summary>
    public static PayloadSlice Lease(this StreamHandle stream)
    {
        Assert.That(stream.TryLease(out PayloadSlice slice), Is.EqualTo(CallStatus.Ok));
        return slice;
    }

    /// <summary>So many leases that their bytes hold <paramref name="data"/>, with the data in them.</summary>
    public static PayloadSlice[] LeaseFor(this StreamHandle stream, Endpoint endpoint, ReadOnlySpan<byte> data)
    {
        var slices = new List<PayloadSlice>();
        while (!data.IsEmpty)
        {
            PayloadSlice slice = stream.Lease();
            slice = slice.WithLength(Math.Min(slice.Length, data.Length));
            data[..slice.Length].CopyTo(endpoint.Bytes(slice));
            slices.Add(slice);
            data = data[slice.Length..];
        }

        return [.. slices];
    }

    /// <summary>The bytes of slices, one behind the other.</summary>
    public static byte[] Gather(this Endpoint endpoint, ReadOnlySpan<PayloadSlice> slices)
    {
        var bytes = new List<byte>();
        foreach (ref readonly PayloadSlice slice in slices)
        {
            bytes.AddRange(endpoint.Bytes(slice));
        }

        return [.. bytes];
    }

    public static byte[] Random(int length, ulong seed)
    {
        byte[] bytes = new byte[length];
        new SeededRandom(seed).Fill(bytes);
        return bytes;
    }
}
