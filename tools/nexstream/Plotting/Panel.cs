namespace NexStream.Tool.Plotting;

/// <summary>One picture of the stack.</summary>
/// <param name="Title">What the vertical axis shows.</param>
/// <param name="Unit">Its unit.</param>
/// <param name="Curves">The first is drawn first, beneath the others.</param>
/// <param name="Top">Where the axis ends at the latest; curves beyond it are cut.</param>
internal sealed record Panel(string Title, string Unit, IReadOnlyList<Curve> Curves, double Top = double.PositiveInfinity)
{
    /// <summary>What a panel without a single point says instead.</summary>
    public string Empty { get; init; } = "nothing";
}
