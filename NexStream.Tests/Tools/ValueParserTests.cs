using NexStream.Driver.Links;
using NexStream.Tool.Commands;
using NexStream.Tool.Transfer;

namespace NexStream.Tests.Tools;

public sealed class ValueParserTests
{
    [TestCase("5ms", 5_000_000)]
    [TestCase("250us", 250_000)]
    [TestCase("1.5s", 1_500_000_000)]
    [TestCase("2 min", 120_000_000_000)]
    [TestCase("0", 0)]
    public void Duration_Valid_IsNanoseconds(string text, long expected)
    {
        Assert.That(DurationParser.TryParse(text, out long ns), Is.True);
        Assert.That(ns, Is.EqualTo(expected));
    }

    [TestCase("")]
    [TestCase("5")]
    [TestCase("-5ms")]
    [TestCase("ms")]
    [TestCase("999999999999s")]
    public void Duration_Invalid_IsRefused(string text) => Assert.That(DurationParser.TryParse(text, out _), Is.False);

    [TestCase("0.05", 0.05)]
    [TestCase("5%", 0.05)]
    [TestCase("1", 1)]
    public void Share_Valid_IsRead(string text, double expected)
    {
        Assert.That(ShareParser.TryParse(text, out double share), Is.True);
        Assert.That(share, Is.EqualTo(expected));
    }

    [TestCase("1.01")]
    [TestCase("-0.1")]
    [TestCase("101%")]
    [TestCase("x")]
    public void Share_Invalid_IsRefused(string text) => Assert.That(ShareParser.TryParse(text, out _), Is.False);

    [TestCase("shm:a.b-c_1", ExpectedResult = true)]
    [TestCase("shm:", ExpectedResult = false)]
    [TestCase("shm:../x", ExpectedResult = false)]
    [TestCase("udp:example.org:4433", ExpectedResult = true)]
    [TestCase("udp:192.0.2.1:0", ExpectedResult = true)]
    [TestCase("udp::4433", ExpectedResult = true)]
    [TestCase("udp:[2001:db8::1]:4433", ExpectedResult = true)]
    [TestCase("udp:x", ExpectedResult = false)]
    [TestCase("udp:x:65536", ExpectedResult = false)]
    [TestCase("udp:x:-1", ExpectedResult = false)]
    [TestCase("udp:x:", ExpectedResult = false)]
    [TestCase("udp:2001:db8::1:4433", ExpectedResult = false)]
    [TestCase("udp:[192.0.2.1]:4433", ExpectedResult = false)]
    [TestCase("udp:[]:4433", ExpectedResult = false)]
    [TestCase("udp:a b:4433", ExpectedResult = false)]
    [TestCase("tcp:x:1", ExpectedResult = false)]
    public bool Address_Text_IsReadOrRefused(string text) => LinkAddress.TryParse(text, out _);

    [Test]
    public void Address_Udp_IsTakenApart()
    {
        Assert.That(LinkAddress.TryParse("udp:[2001:db8::1]:4433", out LinkAddress? address), Is.True);
        Assert.That((address!.Host, address.Port, address.Name), Is.EqualTo(("2001:db8::1", 4433, (string?)null)));
        Assert.That(address.ToRemote().ToString(), Is.EqualTo("[2001:db8::1]:4433"));
        Assert.That(LinkAddress.TryParse("udp::4433", out address), Is.True);
        Assert.That(address!.ToLocal().ToString(), Is.EqualTo("[::]:4433"));
        Assert.That(address.ToRemote, Throws.InstanceOf<LinkException>());
    }
}
