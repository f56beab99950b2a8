using NexStream.Evidence.Requirements;

namespace NexStream.Tests.Evidence;

[TestFixture]
internal sealed class LimitTests
{
    [TestCase("<= 110", 110, true)]
    [TestCase("<= 110", 110.1, false)]
    [TestCase(">= 0.93", 0.93, true)]
    [TestCase(">= 0.93", 0.929, false)]
    [TestCase("< 1000", 1000, false)]
    [TestCase("< 1000", 999.9, true)]
    [TestCase("> 0", 0, false)]
    [TestCase(">0", 1, true)]
    public void Holds_AtTheBoundAndBeside_IsAsItSays(string bound, double figure, bool holds) => Assert.That(Limit.Parse(bound).Holds(figure), Is.EqualTo(holds));

    [TestCase("110")]
    [TestCase("= 110")]
    [TestCase("<= many")]
    [TestCase("")]
    public void Parse_WhatIsNoBound_Throws(string bound) => Assert.That(() => Limit.Parse(bound), Throws.InstanceOf<FormatException>());

    [TestCase("<= 110", "≤ 110")]
    [TestCase(">= 0.93", "≥ 0.93")]
    [TestCase(">= 10000000", "≥ 10,000,000")]
    public void ToString_ShowsItsSignAndNumber(string bound, string shown) => Assert.That(Limit.Parse(bound).ToString(), Is.EqualTo(shown));
}
