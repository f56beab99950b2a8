using System.Buffers.Binary;
using System.Numerics;

namespace NexStream.Core.Primitives;

/// <summary>
/// SipHash-2-4 (Aumasson and Bernstein, 2012): a pseudo-random function of a 128-bit key. Tags, cookies, ping ids and skipped packet
/// numbers come from it, so that nobody without the host's key can predict them, and a replay with the same key repeats them.
/// </summary>
internal readonly struct KeyedHash
{
    public const int KeySize = 16;

    private readonly ulong _key0;
    private readonly ulong _key1;

    public KeyedHash(ReadOnlySpan<byte> key)
    {
        _key0 = BinaryPrimitives.ReadUInt64LittleEndian(key);
        _key1 = BinaryPrimitives.ReadUInt64LittleEndian(key[8..]);
    }

    /// <summary>The 64-bit hash of <paramref name="data"/>.</summary>
    public ulong Compute(ReadOnlySpan<byte> data)
    {
        // The four initial constants spell "somepseudorandomlygeneratedbytes" (SipHash paper §2.1).
        var state = new State
        {
            V0 = _key0 ^ 0x736f6d6570736575,
            V1 = _key1 ^ 0x646f72616e646f6d,
            V2 = _key0 ^ 0x6c7967656e657261,
            V3 = _key1 ^ 0x7465646279746573,
        };
        ulong last = (ulong)data.Length << 56;
        while (data.Length >= 8)
        {
            state.Absorb(BinaryPrimitives.ReadUInt64LittleEndian(data));
            data = data[8..];
        }

        for (int i = 0; i < data.Length; i++)
        {
            last |= (ulong)data[i] << (8 * i);
        }

        state.Absorb(last);
        state.V2 ^= 0xff;
        state.Round();
        state.Round();
        state.Round();
        state.Round();
        return state.V0 ^ state.V1 ^ state.V2 ^ state.V3;
    }

    /// <summary>The hash of two words; <paramref name="domain"/> keeps the uses of one key apart.</summary>
    public ulong Compute(ulong domain, ulong value)
    {
        Span<byte> data = stackalloc byte[16];
        BinaryPrimitives.WriteUInt64LittleEndian(data, domain);
        BinaryPrimitives.WriteUInt64LittleEndian(data[8..], value);
        return Compute(data);
    }

    private ref struct State
    {
        public ulong V0;
        public ulong V1;
        public ulong V2;
        public ulong V3;

        public void Absorb(ulong word)
        {
            V3 ^= word;
            Round();
            Round();
            V0 ^= word;
        }

        public void Round()
        {
            unchecked
            {
                V0 += V1;
                V1 = BitOperations.RotateLeft(V1, 13) ^ V0;
                V0 = BitOperations.RotateLeft(V0, 32);
                V2 += V3;
                V3 = BitOperations.RotateLeft(V3, 16) ^ V2;
                V0 += V3;
                V3 = BitOperations.RotateLeft(V3, 21) ^ V0;
                V2 += V1;
                V1 = BitOperations.RotateLeft(V1, 17) ^ V2;
                V2 = BitOperations.RotateLeft(V2, 32);
            }
        }
    }
}
