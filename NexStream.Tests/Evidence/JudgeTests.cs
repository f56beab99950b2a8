using NexStream.Evidence.Requirements;

namespace NexStream.Tests.Evidence;

/// <summary>When a requirement counts as met: what failed, did not run or has no figure is not.</summary>
[TestFixture]
internal sealed class JudgeTests
{
    private static readonly Requirement s_tests = new() { Id = "t", Asked = "x", Tests = ["CubicTests", "PacerTests.Rate_IsExact"] };

    private static readonly Requirement s_command = new() { Id = "c", Asked = "x", Command = "perf", Figure = "cost ([0-9.]+)", Bound = "<= 110", Unit = "ns", Runs = 3 };

    [Test]
    public void Tests_AllPassed_IsMet() => Assert.That(
        Judge.OfTests(s_tests, [Test("CubicTests.A_B_C"), Test("CubicTests.A_B_C"), Test("PacerTests.Rate_IsExact"), Test("OtherTests.A", TestResult.Failed)]),
        Is.EqualTo(new Verdict(true, "3 passed")));

    [Test]
    public void Tests_OneFailed_SaysWhich() => Assert.That(
        Judge.OfTests(s_tests, [Test("CubicTests.A_B_C"), Test("CubicTests.D", TestResult.Failed, "Expected 1"), Test("PacerTests.Rate_IsExact")]),
        Is.EqualTo(new Verdict(false, "2 passed, 1 failed: CubicTests.D: Expected 1")));

    [Test]
    public void Tests_OneNameDidNotRun_IsNotMet() => Assert.That(
        Judge.OfTests(s_tests, [Test("CubicTests.A_B_C"), Test("PacerTests.Rate_IsExactly")]),
        Is.EqualTo(new Verdict(false, "1 passed; PacerTests.Rate_IsExact did not run")));

    [Test]
    public void Tests_OneNameWasSkippedOnly_IsNotMetAndSaysWhy() => Assert.That(
        Judge.OfTests(s_tests, [Test("CubicTests.A_B_C"), Test("PacerTests.Rate_IsExact", TestResult.Skipped, "no clock")]),
        Is.EqualTo(new Verdict(false, "1 passed, 1 skipped; PacerTests.Rate_IsExact did not run: no clock")));

    [Test]
    public void Tests_SomeCasesSkipped_IsMetAndSaysSo() => Assert.That(
        Judge.OfTests(s_tests, [Test("CubicTests.A"), Test("CubicTests.A", TestResult.Skipped, "no vectors"), Test("PacerTests.Rate_IsExact")]),
        Is.EqualTo(new Verdict(true, "2 passed, 1 skipped")));

    [TestCase(true, "110 ns (90 to 300)", 90, 300, 110)]
    [TestCase(false, "110.5 ns (1 to 200)", 1, 200, 110.5)]
    public void Runs_Several_TheMedianCounts(bool isMet, string result, params double[] costs) => Assert.That(
        Judge.OfRuns(s_command, [.. costs.Select(cost => new CommandOutcome(0, FormattableString.Invariant($"cost {cost}\n")))]), Is.EqualTo(new Verdict(isMet, result)));

    [Test]
    public void Runs_OneFailedWithAFigure_SaysBoth() => Assert.That(
        Judge.OfRuns(s_command with { Runs = 1 }, [new CommandOutcome(3, "cost 90\nit broke\n")]), Is.EqualTo(new Verdict(false, "90 ns; exit code 3: it broke")));

    [Test]
    public void Runs_OneFailedWithoutAFigure_SaysWhy() => Assert.That(
        Judge.OfRuns(s_command, [new CommandOutcome(0, "cost 90"), new CommandOutcome(null, "half a li")]),
        Is.EqualTo(new Verdict(false, "no figure where it should be; did not end in time: half a li")));

    [Test]
    public void Runs_WithoutAFigure_IsNotMet() =>
        Assert.That(Judge.OfRuns(s_command with { Runs = 1 }, [new CommandOutcome(0, "nothing")]), Is.EqualTo(new Verdict(false, "no figure where it should be")));

    [Test]
    public void Runs_FigureThatIsNoNumber_IsNotMetWhereThereIsABound() => Assert.That(
        Judge.OfRuns(s_command with { Figure = "cost (.*)" }, [new CommandOutcome(0, "cost unknown")]), Is.EqualTo(new Verdict(false, "unknown, which is no number")));

    [Test]
    public void Runs_FigureThatIsNoNumber_IsMetWhereThereIsNone() => Assert.That(
        Judge.OfRuns(s_command with { Figure = "link: (.*)", Bound = null }, [new CommandOutcome(0, "link: native ring")]), Is.EqualTo(new Verdict(true, "native ring")));

    [TestCase(0, true, "exit code 0")]
    [TestCase(1, false, "exit code 1: said")]
    public void Runs_NoFigureAskedFor_TheExitCodeCounts(int code, bool isMet, string result) => Assert.That(
        Judge.OfRuns(new Requirement { Id = "c", Asked = "x", Command = "c" }, [new CommandOutcome(code, "said\n")]), Is.EqualTo(new Verdict(isMet, result)));

    [TestCase("| yes |\n| yes |\n", true, "2")]
    [TestCase("| yes |\n| NO |\n", false, "1")]
    public void Document_ItsFigure_IsCompared(string text, bool isMet, string result) => Assert.That(
        Judge.OfDocument(new Requirement { Id = "d", Asked = "x", Document = "d.md", Figure = @"\| (yes) \|$", Take = FigureChoice.Count, Bound = ">= 2" }, text),
        Is.EqualTo(new Verdict(isMet, result)));

    private static TestOutcome Test(string name, TestResult result = TestResult.Passed, string message = "") =>
        new($"NexStream.Tests.Congestion.{name}", result, message);
}
