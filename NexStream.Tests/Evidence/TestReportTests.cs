using System.Xml.Linq;
using NexStream.Evidence.Requirements;

namespace NexStream.Tests.Evidence;

/// <summary>Names of tests, in requirements and in what <c>dotnet test</c> reports.</summary>
[TestFixture]
internal sealed class TestReportTests
{
    private const string Name = "NexStream.Tests.Driver.AllModesTests.AllModes_OverNexLinkBackend_Deliver";

    [TestCase("AllModesTests", true)]
    [TestCase("AllModesTests.AllModes_OverNexLinkBackend_Deliver", true)]
    [TestCase("Driver", true)]
    [TestCase("Driver.AllModesTests", true)]
    [TestCase("AllModes", false)]
    [TestCase("ModesTests", false)]
    [TestCase("AllModesTests.AllModes_OverNexLinkBackend", false)]
    [TestCase("Driver.AllModes_OverNexLinkBackend_Deliver", false)]
    public void Names_WholePartsInARow_AreMeant(string reference, bool isMeant) => Assert.That(TestName.Names(reference, Name), Is.EqualTo(isMeant));

    [Test]
    public void Filter_OfNames_HasEachOnceAndItsPartsByThemselves() => Assert.That(
        TestName.Filter(["PacerTests", "A.B_C", "PacerTests"]), Is.EqualTo("(FullyQualifiedName~.A&FullyQualifiedName~.B_C)|(FullyQualifiedName~.PacerTests)"));

    [Test]
    public void Report_OfCasesAndFixturesWithArguments_HasBareNames()
    {
        XDocument report = XDocument.Parse("""
            <TestRun xmlns="http://microsoft.com/schemas/VisualStudio/TeamTest/2010">
              <Results>
                <UnitTestResult testId="1" testName="A_B(1)" outcome="Passed" />
                <UnitTestResult testId="2" testName="A_B(2)" outcome="Failed"><Output><ErrorInfo><Message>  Expected: 1
            But was: 2</Message></ErrorInfo></Output></UnitTestResult>
                <UnitTestResult testId="3" testName="C" outcome="NotExecuted"><Output><ErrorInfo><Message>no tool</Message></ErrorInfo></Output></UnitTestResult>
                <UnitTestResult testId="4" testName="D" outcome="Timeout" />
              </Results>
              <TestDefinitions>
                <UnitTest id="1"><TestMethod className="N.FooTests" name="A_B(1)" /></UnitTest>
                <UnitTest id="2"><TestMethod className="N.FooTests" name="A_B(2)" /></UnitTest>
                <UnitTest id="3"><TestMethod className="N.BarTests(Managed)" name="C" /></UnitTest>
                <UnitTest id="4"><TestMethod className="N.BarTests(Native)" name="D" /></UnitTest>
              </TestDefinitions>
            </TestRun>
            """);

        Assert.That(TrxFile.Read(report), Is.EqualTo(new TestOutcome[]
        {
            new("N.FooTests.A_B", TestResult.Passed, ""),
            new("N.FooTests.A_B", TestResult.Failed, "Expected: 1\nBut was: 2"),
            new("N.BarTests.C", TestResult.Skipped, "no tool"),
            new("N.BarTests.D", TestResult.Failed, ""),
        }));
    }
}
