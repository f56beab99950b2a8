namespace NexStream.Evidence.Requirements;

/// <summary>Which of several figures counts.</summary>
internal enum FigureChoice
{
    /// <summary>The last: sums stand at the end.</summary>
    Last,

    Least,

    Most,

    /// <summary>How many there are; none is 0.</summary>
    Count,
}
