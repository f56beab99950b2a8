using System.Xml;
using System.Xml.Linq;

namespace NexStream.Evidence.Requirements;

/// <summary>Runs tests, all in one go.</summary>
/// <param name="shell">What runs them.</param>
internal sealed class TestRunner(Shell shell)
{
    private static readonly TimeSpan s_limit = TimeSpan.FromHours(3);

    /// <summary>Runs those named, in Release.</summary>
    /// <returns>How each ended; or none, and what was wrong.</returns>
    public (IReadOnlyList<TestOutcome> Outcomes, string? Problem) Run(IEnumerable<string> names)
    {
        DirectoryInfo folder = Directory.CreateTempSubdirectory("evidence-");
        try
        {
            string logger = $"--logger 'trx;LogFileName=tests.trx' --results-directory '{folder.FullName}'";
            CommandOutcome outcome = shell.Run($"dotnet test NexStream.Tests -c Release --filter '{TestName.Filter(names)}' {logger}", s_limit);
            string report = Path.Combine(folder.FullName, "tests.trx");
            return File.Exists(report) ? (TrxFile.Read(XDocument.Load(report)), null) : ([], $"the tests left no report: {outcome.Problem}");
        }
        catch (XmlException e)
        {
            return ([], $"the report of the tests cannot be read: {e.Message}");
        }
        finally
        {
            folder.Delete(recursive: true);
        }
    }
}
