namespace NexStream.Evidence.Requirements;

/// <summary>Names of tests in requirements: whole parts of a full name, <c>Class.Method</c>, <c>Class</c> or the folder of classes.</summary>
internal static class TestName
{
    /// <summary>Whether a test is one of those named.</summary>
    /// <param name="reference">The name in a requirement.</param>
    /// <param name="fullName">Namespace, class and method.</param>
    public static bool Names(string reference, string fullName) => $".{fullName}.".Contains($".{reference}.", StringComparison.Ordinal);

    /// <summary>
    /// A filter for <c>dotnet test</c> that selects all of those named, and perhaps some more: it looks for each part of a name by itself, because where a class has
    /// arguments they stand between its name and the method's.
    /// </summary>
    public static string Filter(IEnumerable<string> references) => string.Join('|', references.Distinct().Order(StringComparer.Ordinal).Select(Filter));

    private static string Filter(string reference) => $"({string.Join('&', reference.Split('.').Select(part => $"FullyQualifiedName~.{part}"))})";
}
