using CsCheck;
using NexStream.Core.Primitives;

namespace NexStream.Tests.Primitives;

[TestFixture]
public sealed class ArithmeticTests
{
    [Test]
    public void MultiplyDivide_AnyNumbers_IsExactOrTheLimit()
    {
        Gen.Select(Gen.Long[0, long.MaxValue], Gen.Long[0, long.MaxValue], Gen.Long[1, long.MaxValue]).Sample((a, b, c) =>
            Arithmetic.MultiplyDivide(a, b, c) == (long)Int128.Min((Int128)a * b / c, long.MaxValue));
    }
}
