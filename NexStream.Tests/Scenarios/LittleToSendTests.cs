using NexStream.Simulator.Results;
using NexStream.Simulator.Scenarios;

namespace NexStream.Tests.Scenarios;

/// <summary>An application that sends less than the path carries: its window is not tested, and must not grow for that (RFC 9002 §7.8).</summary>
[TestFixture]
[Category("Slow")]
public sealed class LittleToSendTests
{
    private const double RttMs = 40;
    private const int LittleMbps = 1;
    private const double LittleS = 30;

    // What is in flight at 1 Mbit/s over 40 ms is 5 kB. Slow start leaves room for twice the flight, and begins with ten packets.
    [TestCase("be")]
    [TestCase("ru")]
    [TestCase("ro")]
    public void Window_OfALittle_StaysWhereItBegan(string mode)
    {
        SimulationResult result = Flows.RunOk(Flows.Create(Flows.Link(100, RttMs, 1), LittleS, new FlowSpec { Streams = [Little(mode)] }));
        Assert.That(result.Flows[0].CwndBytes, Is.LessThanOrEqualTo(2 * 10 * Flows.Mtu));
        Assert.That(result.Flows[0].GoodputMbps, Is.EqualTo(LittleMbps).Within(5).Percent);
    }

    [Test]
    public void Burst_BehindALittle_LosesNoMoreThanOneThatBegins()
    {
        ulong alone = LostInABurst(startS: 0);
        ulong behind = LostInABurst(startS: LittleS);
        TestContext.Out.WriteLine($"{behind} lost behind {LittleS} s of a little, {alone} without");
        Assert.That(behind, Is.LessThanOrEqualTo(1.2 * alone));
    }

    private static ulong LostInABurst(double startS)
    {
        var burst = new StreamSpec { Bytes = 20_000_000, StartS = startS };
        return Flows.RunOk(Flows.Create(Flows.Link(100, RttMs, 1), LittleS + 30, new FlowSpec { Streams = [Little("be"), burst] })).Flows[0].LostPackets;
    }

    private static StreamSpec Little(string mode) => new() { Mode = mode, RateMbps = LittleMbps, Message = 1000 };
}
