namespace NexStream.Simulator.Scenarios;

/// <summary>A scenario cannot be run as it is. The message says what is wrong, where, and what would be right.</summary>
public sealed class ScenarioException(string message) : Exception(message);
