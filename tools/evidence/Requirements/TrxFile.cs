using System.Xml.Linq;

namespace NexStream.Evidence.Requirements;

/// <summary>A report of <c>dotnet test</c> (Visual Studio's test results).</summary>
internal static class TrxFile
{
    private static readonly XNamespace s_names = "http://microsoft.com/schemas/VisualStudio/TeamTest/2010";

    /// <summary>Reads how each test ended.</summary>
    public static IReadOnlyList<TestOutcome> Read(XDocument report)
    {
        Dictionary<string, string> names = report.Descendants(s_names + "UnitTest").ToDictionary(
            test => (string)test.Attribute("id")!,
            test => test.Element(s_names + "TestMethod") is { } method ? $"{Bare(method.Attribute("className"))}.{Bare(method.Attribute("name"))}" : string.Empty);
        return
        [
            .. report.Descendants(s_names + "UnitTestResult").Select(result => new TestOutcome(
                names[(string)result.Attribute("testId")!],
                (string?)result.Attribute("outcome") switch { "Passed" => TestResult.Passed, "NotExecuted" => TestResult.Skipped, _ => TestResult.Failed },
                ((string?)result.Descendants(s_names + "Message").FirstOrDefault() ?? string.Empty).Trim())),
        ];
    }

    /// <summary>A name without the arguments of a case.</summary>
    private static string Bare(XAttribute? name) => ((string?)name ?? string.Empty).Split('(')[0];
}
