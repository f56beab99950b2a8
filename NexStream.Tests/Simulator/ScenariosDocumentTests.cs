using System.Text.Json;
using System.Text.RegularExpressions;
using NexStream.Simulator.Results;
using NexStream.Simulator.Scenarios;
using NexStream.Tests.Docs;

namespace NexStream.Tests.Simulator;

/// <summary>docs/scenarios.md says what the program does.</summary>
[TestFixture]
internal sealed partial class ScenariosDocumentTests
{
    private static readonly string s_page = Repository.Read("docs/scenarios.md");

    private static readonly Type[] s_types =
    [
        typeof(Scenario), typeof(DirectionSpec), typeof(BurstLossSpec), typeof(StepSpec), typeof(OutageSpec), typeof(FlowSpec), typeof(StreamSpec),
        typeof(SimulationResult), typeof(FlowResult), typeof(StreamResult),
    ];

    private static IEnumerable<string> Examples => Example().Matches(s_page).Select(m => m.Groups[1].Value);

    private static IEnumerable<string> Keys => s_types
        .SelectMany(type => type.GetProperties())
        .Select(property => JsonNamingPolicy.SnakeCaseLower.ConvertName(property.Name))
        .Distinct();

    [Test]
    public void Page_HasThreeExamples() => Assert.That(Examples.Count(), Is.EqualTo(3));

    [TestCaseSource(nameof(Examples))]
    public void Example_OfThePage_RunsAndKeepsAllGuarantees(string json)
    {
        Scenario scenario = ScenarioReader.Read(json);
        SimulationResult result = Scenarios.Run(scenario);

        Assert.That(result.Violations, Is.Empty);
        bool isFinite = scenario.Flows.All(f => f.Streams.All(s => s.Bytes is not null));
        Assert.That(result.Flows.Select(f => f.CompletedS), isFinite ? Is.All.Not.Null : Is.All.Null);
    }

    [TestCaseSource(nameof(Keys))]
    public void Key_OfScenarioOrResult_StandsInThePage(string key) =>
        Assert.That(s_page, Does.Contain($"`{key}`").Or.Contain($"\"{key}\": "), "a key that nobody can look up");

    [GeneratedRegex("```json\n(.*?)```", RegexOptions.Singleline)]
    private static partial Regex Example();
}
