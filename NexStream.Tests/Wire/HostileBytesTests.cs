using CsCheck;
using NexStream.Core.Wire;

namespace NexStream.Tests.Wire;

/// <summary>Nothing that a peer sends makes a reader throw, and what is accepted means the same when it is written again.</summary>
[TestFixture]
internal sealed class HostileBytesTests
{
    private const int Iterations = 20_000;

    private static readonly FrameType[] s_types = Enum.GetValues<FrameType>();

    /// <summary>Bytes among which 0 and 1 are frequent, so that lengths and counts often make sense.</summary>
    private static readonly Gen<byte> s_byte = Gen.Frequency((3, Gen.Const((byte)0)), (1, Gen.Const((byte)1)), (4, Gen.Byte));

    [Test]
    public void AnyBytes_AsPacket_NeverThrow() =>
        s_byte.Array[0, 200].Sample(bytes => ReadPacket(bytes), iter: Iterations);

    [Test]
    public void AnyBytes_AsPayloadOfAnyType_NeverThrow()
    {
        int accepted = 0;
        Gen.Select(Gen.Enum<FrameType>(), Gen.Byte, s_byte.Array[0, 120]).Sample(
            (type, flags, payload) => accepted += Recode(new RawFrame(type, flags, payload)) ? 1 : 0,
            iter: Iterations,
            threads: 1);
        Assert.That(accepted, Is.GreaterThan(Iterations / 10), "Too few frames were accepted for the test to say much.");
    }

    [Test]
    public void EveryExample_CutAtEveryByte_IsMalformedAndNeverThrows()
    {
        foreach (WireExample example in WireDocument.Frames)
        {
            int length = example.FrameLength;
            for (int cut = 0; cut < length; cut++)
            {
                var reader = new FrameReader(example.Bytes.AsSpan(0, cut));
                Assert.That(reader.TryRead(out _), Is.False, $"{example} cut to {cut}");
                Assert.That(reader.IsMalformed, Is.True, $"{example} cut to {cut}");
            }
        }
    }

    [Test]
    public void EveryExample_WithAnyBitChanged_NeverThrows()
    {
        foreach (WireExample example in WireDocument.Frames)
        {
            byte[] bytes = [.. example.Bytes];
            for (int i = 0; i < bytes.Length; i++)
            {
                for (int bit = 0; bit < 8; bit++)
                {
                    bytes[i] = (byte)(example.Bytes[i] ^ (1 << bit));
                    Assert.That(() => ReadPacket(bytes), Throws.Nothing, $"{example} byte {i} bit {bit}");
                }

                bytes[i] = example.Bytes[i];
            }
        }
    }

    private static void ReadPacket(byte[] bytes)
    {
        _ = PacketHeader.TryRead(bytes, out _);
        _ = LinkHeader.TryRead(bytes, out _);
        var reader = new FrameReader(bytes);
        while (reader.TryRead(out RawFrame raw))
        {
            Recode(raw);
            foreach (FrameType type in s_types)
            {
                Recode(new RawFrame(type, raw.Flags, raw.Payload));
            }
        }
    }

    /// <summary>Whether the frame is accepted. What is accepted is written, read and compared.</summary>
    private static bool Recode(in RawFrame raw)
    {
        var fields = new List<string>();
        var bytes = new byte[1024];
        var writer = new FrameWriter(bytes);
        if (!FrameCodecs.TryRecode(raw, fields, ref writer))
        {
            return false;
        }

        var reader = new FrameReader(bytes.AsSpan(0, writer.Length));
        var again = new List<string>();
        var second = new FrameWriter(new byte[bytes.Length]);
        if (!reader.TryRead(out RawFrame written) || !FrameCodecs.TryRecode(written, again, ref second))
        {
            throw new InvalidOperationException($"{raw.Type} was accepted, written and then refused.");
        }

        bool isCapped = raw.Type == FrameType.DataNack;
        if (written.Type != raw.Type || (!isCapped && !fields.SequenceEqual(again)))
        {
            throw new InvalidOperationException($"{raw.Type} changed: {string.Join("; ", fields)} became {string.Join("; ", again)}.");
        }

        return true;
    }
}
