using NexStream.Peers.Running;

namespace NexStream.Tests.Peers;

[TestFixture]
internal sealed class MachineTests
{
    private static readonly string[] s_twoCores =
    [
        "processor\t: 0", "vendor_id\t: AuthenticAMD", "cpu family\t: 25", "model\t\t: 1", "model name\t: AMD EPYC", "stepping\t: 1", "power management:", "",
        "processor\t: 1", "cpu family\t: 26", "model\t\t: 2", "model name\t: another",
    ];

    [Test]
    public void Processor_OfSeveral_IsTheFirstWithItsFamilyAndModel() => Assert.That(Machine.ProcessorIn(s_twoCores), Is.EqualTo("AMD EPYC 25/1"));

    [Test]
    public void Processor_WithoutAFamily_IsItsName() => Assert.That(Machine.ProcessorIn(["model name : Neoverse-N1"]), Is.EqualTo("Neoverse-N1"));

    [Test]
    public void Processor_OfWhichNothingIsTold_IsUnknown() => Assert.That(Machine.ProcessorIn([]), Is.EqualTo("unknown processor"));
}
