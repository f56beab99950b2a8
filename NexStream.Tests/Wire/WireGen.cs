using CsCheck;
using NexStream.Core.Primitives;
using NexStream.Core.Wire;
using NexStream.Core.Wire.Frames;

namespace NexStream.Tests.Wire;

/// <summary>Generators of field values that may stand on the wire.</summary>
internal static class WireGen
{
    public static readonly Gen<NodeId> Node = Gen.Select(Gen.ULong, Gen.ULong, (high, low) => new NodeId(high, low));

    public static readonly Gen<ReasonCode> Reason = Gen.UInt.Select(code => (ReasonCode)code);

    /// <summary>Offsets, message numbers and sizes, their largest value included.</summary>
    public static readonly Gen<ulong> Position =
        Gen.Frequency((1, Gen.Const(WireLimits.PositionMax)), (1, Gen.Const(0UL)), (8, Gen.ULong[0, WireLimits.PositionMax]));

    public static readonly Gen<ulong> Tag = Gen.ULong[1, ulong.MaxValue];

    public static readonly Gen<TransportParameters> Parameters = Gen.Select(
        Gen.Select(Tag, Gen.UInt, Gen.UInt, Gen.UInt),
        Gen.Select(Gen.UInt[TransportParameters.MaxFrameLengthMin, uint.MaxValue], Gen.UInt, Gen.UInt),
        Gen.Byte[0, TransportParameters.WindowScaleMax],
        (first, second, scale) => new TransportParameters
        {
            Tag = first.Item1,
            InitialStreamData = first.Item2,
            InitialStreamMessages = first.Item3,
            MaxAckDelayUs = first.Item4,
            MaxFrameLength = second.Item1,
            MaxMessageLength = second.Item2,
            Features = second.Item3,
            WindowScale = scale,
        });

    /// <summary>Disjoint runs of packet numbers, newest first, with gaps between them; all lengths and gaps fit into the frame.</summary>
    public static readonly Gen<PacketNumberRange[]> PacketNumbers = Gen.Select(
        Gen.ULong[1UL << 40, 1UL << 62],
        Gen.Select(Gen.UInt[0, 1 << 20], Gen.UInt[0, 1 << 20]).Array[1, PacketAckFrame.RangeCountMax],
        (largest, steps) =>
        {
            var ranges = new PacketNumberRange[steps.Length];
            ulong last = largest;
            for (int i = 0; i < ranges.Length; i++)
            {
                (uint length, uint gap) = steps[i];
                ranges[i] = new PacketNumberRange(last - length, last);
                last = last - length - gap - 2;
            }

            return ranges;
        });

    /// <summary>Missing ranges in order, which may wrap around 0.</summary>
    public static readonly Gen<NackRange[]> Missing = Gen.Select(
        Gen.UInt,
        Gen.Select(Gen.UInt[0, 1 << 20], Gen.UInt[1, 1 << 20]).Array[1, DataNackFrame.RangeCountMax],
        BuildMissing);

    private static NackRange[] BuildMissing(uint origin, (uint Distance, uint Length)[] steps)
    {
        var ranges = new NackRange[steps.Length];
        uint next = origin;
        for (int i = 0; i < ranges.Length; i++)
        {
            uint start = unchecked(next + steps[i].Distance);
            next = unchecked(start + steps[i].Length);
            ranges[i] = new NackRange(start, next);
        }

        return ranges;
    }
}
