using NexStream.Evidence.Requirements;

namespace NexStream.Tests.Evidence;

[TestFixture]
internal sealed class RequirementsOptionsTests
{
    private static readonly Requirement[] s_rows =
    [
        new() { Id = "NS-C-001", Asked = "x", Tests = ["T"] },
        new() { Id = "NS-NF-002", Asked = "x", Impossible = "no card" },
        new() { Id = "hot-path-1a", Asked = "x", Class = RunClass.Timed, Command = "c" },
        new() { Id = "probability-1a", Asked = "x", Class = RunClass.Long, Command = "c", Document = "d", Figure = "(.)" },
    ];

    [TestCase("", "NS-C-001 hot-path-1a probability-1a")]
    [TestCase("--only NS-C,hot", "NS-C-001 hot-path-1a")]
    [TestCase("--class quick", "NS-C-001")]
    [TestCase("--class timed,long", "hot-path-1a probability-1a")]
    [TestCase("--class quick --as-is", "NS-C-001 probability-1a")]
    [TestCase("--as-is --class long", "")]
    [TestCase("--only none", "")]
    public void Chooses_ByNameAndClass(string line, string chosen)
    {
        RequirementsOptions options = RequirementsOptions.Parse(line.Split(' ', StringSplitOptions.RemoveEmptyEntries))!;
        Assert.That(string.Join(' ', s_rows.Where(options.Chooses).Select(row => row.Id)), Is.EqualTo(chosen));
    }

    [TestCase("--only")]
    [TestCase("--class slow")]
    [TestCase("--class 0")]
    [TestCase("--all")]
    public void Parse_Nonsense_IsNull(string line) => Assert.That(RequirementsOptions.Parse(line.Split(' ')), Is.Null);
}
