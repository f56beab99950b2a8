namespace NexStream.Evidence.Requirements;

/// <summary>How a test ended.</summary>
internal enum TestResult
{
    Passed,
    Failed,
    Skipped,
}

/// <summary>One test, or one case of it, that was run.</summary>
/// <param name="Name">Namespace, class and method, without arguments.</param>
/// <param name="Result">How it ended.</param>
/// <param name="Message">What it said where it did not pass.</param>
internal sealed record TestOutcome(string Name, TestResult Result, string Message);
