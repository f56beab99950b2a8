namespace NexStream.Tool.Output;

/// <summary>What nexstream replay says about a trace.</summary>
/// <param name="Trace">The file.</param>
/// <param name="Verdict">identical, differs or throws.</param>
/// <param name="Calls">Calls that were carried out.</param>
/// <param name="At">The call that is different.</param>
/// <param name="Damage">Why the trace ended before its file did.</param>
/// <param name="Report">The difference, and the calls around it.</param>
internal sealed record ReplayReport(string Trace, string Verdict, long Calls, long? At, string? Damage, IReadOnlyList<string> Report);
