namespace NexStream.Tools.Fuzz;

/// <summary>Nothing threw, but something that must always hold does not.</summary>
internal sealed class FuzzFailureException(string message) : Exception(message);
