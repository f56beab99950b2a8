namespace NexStream.Tool.Plotting;

/// <summary>How a curve looks: each panel's legend says what each look means, the legend on top what each colour does.</summary>
internal enum CurveStyle
{
    /// <summary>A line that is seen first.</summary>
    Solid,

    /// <summary>Thin and pale, behind the others.</summary>
    Pale,

    Dashed,

    Dotted,

    /// <summary>A value that stays until it changes.</summary>
    Step,

    /// <summary>A cross on a stem for each point.</summary>
    Crosses,

    /// <summary>A circle on a stem for each point.</summary>
    Circles,

    /// <summary>A triangle on a stem for each point.</summary>
    Triangles,
}
