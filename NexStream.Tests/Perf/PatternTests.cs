using CsCheck;
using NexStream.Perf;

namespace NexStream.Tests.Perf;

[TestFixture]
public sealed class PatternTests
{
    [Test]
    public void Check_WhatWasWrittenInOtherPieces_Holds() => Gen.Select(Gen.Int[0, 1000], Gen.Int[0, 100], Gen.Int[0, 100], Gen.Int[1, 200]).Sample((start, first, second, length) =>
    {
        byte[] bytes = new byte[first + second + length];
        Pattern.Write(bytes.AsSpan(0, first), (ulong)start);
        Pattern.Write(bytes.AsSpan(first), (ulong)(start + first));
        return Pattern.Check(bytes.AsSpan(second), (ulong)(start + second));
    });

    [Test]
    public void Check_AnyWrongByte_Fails() => Gen.Select(Gen.Int[0, 1000], Gen.Int[1, 200], Gen.Byte[1, 255]).Sample((start, length, change) =>
    {
        byte[] bytes = new byte[length];
        Pattern.Write(bytes, (ulong)start);
        bytes[start % length] ^= change;
        return !Pattern.Check(bytes, (ulong)start);
    });

    [Test]
    public void OffsetOf_FirstWord_TellsWhereItStands()
    {
        byte[] bytes = new byte[8];
        Pattern.Write(bytes, 8 * 123_456_789UL);
        Assert.That(Pattern.OffsetOf(BitConverter.ToUInt64(bytes)), Is.EqualTo(8 * 123_456_789UL));
    }
}
