using CsCheck;
using NexStream.Core.Wire;

namespace NexStream.Tests.Wire;

/// <summary>What must hold for every frame, whatever its fields: checked for each frame that a property test draws.</summary>
internal static class CodecAssert
{
    /// <summary>Frames drawn in one property test: each is also cut at every byte.</summary>
    private const int Iterations = 200;

    private const byte Untouched = 0xEE;

    /// <summary>Draws frames that have value equality and checks each of them.</summary>
    public static void RoundTrips<TFrame>(
        Gen<TFrame> frames, FrameType type, int wireLength, FrameDecoder<TFrame> decode, FrameEncoder<TFrame> encode)
        where TFrame : struct =>
        frames.Sample(
            frame => RoundTrip(
                frame, type, wireLength, decode, encode, (in decoded, in original) => Assert.That(decoded, Is.EqualTo(original))),
            iter: Iterations,
            threads: 1);

    /// <summary>Draws what frames are made of and hands it to <paramref name="check"/>, for frames that are ref structs.</summary>
    public static void ForEach<TParts>(Gen<TParts> parts, Action<TParts> check) => parts.Sample(check, iter: Iterations, threads: 1);

    /// <summary>
    /// The frame fits into exactly its wire length and into nothing shorter; it reads back as it was; behind it may lie an extension
    /// (unless <paramref name="isOpenEnded"/>); and cut at any byte it is refused.
    /// </summary>
    public static void RoundTrip<TFrame>(
        scoped in TFrame frame,
        FrameType type,
        int wireLength,
        FrameDecoder<TFrame> decode,
        FrameEncoder<TFrame> encode,
        FrameComparer<TFrame> compare,
        bool isOpenEnded = false)
        where TFrame : allows ref struct
    {
        byte[] bytes = Encode(frame, wireLength, encode);
        RefusesToWriteShorter(frame, wireLength, encode);

        var reader = new FrameReader(bytes);
        Assert.That(reader.TryRead(out RawFrame raw), Is.True);
        Assert.That(raw.Type, Is.EqualTo(type));
        Assert.That(raw.Payload.Length, Is.EqualTo(wireLength - RawFrame.HeaderSize));
        Assert.That(reader.Remaining.Length, Is.Zero);
        Assert.That(reader.TryRead(out _), Is.False);
        Assert.That(reader.IsMalformed, Is.False);

        Assert.That(decode(raw, out TFrame decoded), Is.True);
        compare(decoded, frame);
        if (isOpenEnded)
        {
            return;
        }

        for (int length = 0; length < raw.Payload.Length; length++)
        {
            Assert.That(decode(new RawFrame(type, raw.Flags, raw.Payload[..length]), out _), Is.False, $"{type} cut to {length}");
        }

        byte[] extended = [.. raw.Payload, 0xA1, 0xA2, 0xA3];
        Assert.That(decode(new RawFrame(type, raw.Flags, extended), out TFrame behindExtension), Is.True);
        compare(behindExtension, frame);
    }

    /// <summary>The frame's bytes, header included.</summary>
    public static byte[] Encode<TFrame>(scoped in TFrame frame, int wireLength, FrameEncoder<TFrame> encode)
        where TFrame : allows ref struct
    {
        var bytes = new byte[wireLength];
        var writer = new FrameWriter(bytes);
        Assert.That(encode(frame, ref writer), Is.True);
        Assert.That(writer.Length, Is.EqualTo(wireLength));
        Assert.That(writer.Remaining, Is.Zero);
        return bytes;
    }

    /// <summary>Into fewer bytes than <paramref name="wireLength"/> nothing is written at all.</summary>
    public static void RefusesToWriteShorter<TFrame>(scoped in TFrame frame, int wireLength, FrameEncoder<TFrame> encode)
        where TFrame : allows ref struct
    {
        var bytes = new byte[wireLength];
        for (int room = 0; room < wireLength; room++)
        {
            Array.Fill(bytes, Untouched);
            var writer = new FrameWriter(bytes.AsSpan(0, room));
            Assert.That(encode(frame, ref writer), Is.False, $"{room} of {wireLength} bytes");
            Assert.That(writer.Length, Is.Zero);
            Assert.That(bytes.AsSpan().ContainsAnyExcept(Untouched), Is.False, $"{room} of {wireLength} bytes");
        }
    }
}
