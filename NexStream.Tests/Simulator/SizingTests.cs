using NexStream.Core.Config;
using NexStream.Core.Primitives;
using NexStream.Simulator.Engine;
using NexStream.Simulator.Scenarios;

namespace NexStream.Tests.Simulator;

/// <summary>That no window of an endpoint is in the way of what the network can hold.</summary>
[TestFixture]
internal sealed class SizingTests
{
    private const int HundredMegabits = 12_500_000;

    [Test]
    public void Connection_OverAPathWithALongWayBack_HasWindowsForTheWholeRoundTrip() =>
        Check(new Scenario { Link = new() { RateMbps = 100, DelayMs = 1 }, Reverse = new() { DelayMs = 599 }, Flows = [new FlowSpec()] }, HundredMegabits * 0.6);

    [Test]
    public void Connection_OverALinkThatBecomesFasterAndLonger_HasWindowsForThat() =>
        Check(
            new Scenario { Link = new() { RateMbps = 1, DelayMs = 1, Steps = [new() { AtS = 1, RateMbps = 100 }, new() { AtS = 2, DelayMs = 300 }] }, Flows = [new FlowSpec()] },
            HundredMegabits * 0.3);

    [Test]
    public void Connection_OfHostsThatAreCalledNowAndThen_HasWindowsForThatToo() =>
        Check(new Scenario { Link = new() { RateMbps = 100, DelayMs = 1 }, Flows = [new FlowSpec { PollUs = 200_000 }] }, HundredMegabits * 0.4);

    [Test]
    public void Connection_BehindALongQueue_HasWindowsForIt() =>
        Check(new Scenario { Link = new() { RateMbps = 1, DelayMs = 1, QueueKb = 10_000 }, Flows = [new FlowSpec()] }, 10_000_000);

    [Test]
    public void Endpoints_OfAnEndlessQueueOrPath_FitInMemory([Values(1200, 65_536)] int mtu)
    {
        var scenario = new Scenario { Mtu = mtu, Link = new() { RateMbps = 1e6, DelayMs = 1e5, QueueKb = 1e7 }, Flows = [new FlowSpec()] };
        var sizing = new Sizing(scenario);

        Assert.That(() => sizing.Endpoint([new NodeId(0, 1)], scenario.Flows[0], new byte[EndpointConfig.KeySize]).Validate(), Throws.Nothing);
        Assert.That(sizing.ArenaBytes, Is.InRange(1 << 30, int.MaxValue));
    }

    private static void Check(Scenario scenario, double bytes)
    {
        ConnectionConfig config = new Sizing(scenario).Connection(scenario.Flows[0]);

        Assert.That(config.ReceiveWindow, Is.GreaterThan(bytes));
        Assert.That(config.StreamReceiveWindow, Is.GreaterThan(bytes));
        Assert.That(config.SendBuffer, Is.GreaterThan(bytes));
        Assert.That(config.Validate, Throws.Nothing);
        Assert.That(new Sizing(scenario).ArenaBytes, Is.GreaterThan(2 * bytes), "half of an arena is for what is sent");
    }
}
