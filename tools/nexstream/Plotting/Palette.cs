using OxyPlot;

namespace NexStream.Tool.Plotting;

/// <summary>The colours: as far apart as eight on white can be, and the link's in grey.</summary>
internal static class Palette
{
    /// <summary>How many flows can be told apart by colour.</summary>
    public const int FlowsMax = 8;

    private static readonly OxyColor[] s_flows =
    [
        OxyColor.FromRgb(0x1f, 0x5f, 0xbf),
        OxyColor.FromRgb(0xd6, 0x33, 0x2a),
        OxyColor.FromRgb(0x1f, 0x8f, 0x3f),
        OxyColor.FromRgb(0xe0, 0x80, 0x00),
        OxyColor.FromRgb(0x7b, 0x45, 0xb5),
        OxyColor.FromRgb(0x00, 0x95, 0xa8),
        OxyColor.FromRgb(0xc7, 0x3b, 0x96),
        OxyColor.FromRgb(0x7a, 0x54, 0x33),
    ];

    public static OxyColor Text { get; } = OxyColor.FromRgb(0x20, 0x20, 0x20);

    public static OxyColor Faint { get; } = OxyColor.FromRgb(0x60, 0x60, 0x60);

    public static OxyColor Grid { get; } = OxyColor.FromRgb(0xe4, 0xe4, 0xe4);

    public static OxyColor Frame { get; } = OxyColor.FromRgb(0x90, 0x90, 0x90);

    /// <summary>The link, whose limits curves are held against.</summary>
    public static OxyColor Link { get; } = OxyColor.FromRgb(0x45, 0x45, 0x45);

    /// <summary>All flows together.</summary>
    public static OxyColor Sum { get; } = OxyColor.FromRgb(0x1f, 0x5f, 0xbf);

    /// <summary>The flow that has most, or least, at each time.</summary>
    public static OxyColor Extreme { get; } = OxyColor.FromRgb(0xe0, 0x80, 0x00);

    public static OxyColor Flow(int index) => s_flows[index % FlowsMax];
}
