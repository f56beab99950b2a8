using System.Buffers.Binary;
using NexStream.Simulator.Engine;

namespace NexStream.Simulator.Traffic;

/// <summary>
/// The bytes that are sent: a run of random ones that repeats after a prime number of them, so that data which comes from the wrong place is
/// wrong. Comparing with it is a comparison of memory, which costs next to nothing.
/// </summary>
internal sealed class Pattern
{
    /// <summary>The largest prime below 2^16.</summary>
    private const int Period = 65_521;

    /// <summary>A message begins with its number.</summary>
    public const int HeaderSize = sizeof(ulong);

    /// <summary>The longest piece that can be asked for at once.</summary>
    public const int LengthMax = 1 << 20;

    // How far apart, in the pattern, two messages in a row begin.
    private const int MessageStride = 7919;

    private readonly byte[] _bytes = new byte[Period + LengthMax];

    public Pattern(ulong seed)
    {
        new SimulationRandom(seed).Fill(_bytes.AsSpan(0, Period));
        for (int at = Period; at < _bytes.Length; at += Period)
        {
            _bytes.AsSpan(0, Math.Min(Period, _bytes.Length - at)).CopyTo(_bytes.AsSpan(at));
        }
    }

    /// <summary>Bytes of a stream from an offset on.</summary>
    public ReadOnlySpan<byte> At(long offset, int length) => _bytes.AsSpan((int)(offset % Period), length);

    /// <summary>Writes a message.</summary>
    public void WriteMessage(long number, Span<byte> message)
    {
        BinaryPrimitives.WriteInt64LittleEndian(message, number);
        At(number * MessageStride, message.Length - HeaderSize).CopyTo(message[HeaderSize..]);
    }

    /// <summary>The number of a message. False: not one byte may be wrong, and one is.</summary>
    public bool TryReadMessage(ReadOnlySpan<byte> message, out long number)
    {
        number = -1;
        if (message.Length < HeaderSize)
        {
            return false;
        }

        number = BinaryPrimitives.ReadInt64LittleEndian(message);
        return number is >= 0 and < long.MaxValue / MessageStride
            && message[HeaderSize..].SequenceEqual(At(number * MessageStride, message.Length - HeaderSize));
    }
}
