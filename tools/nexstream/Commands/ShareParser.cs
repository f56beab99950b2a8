using System.Globalization;

namespace NexStream.Tool.Commands;

/// <summary>Shares as people write them: "0.05" or "5%".</summary>
internal static class ShareParser
{
    /// <summary>Reads a share from 0 to 1. False: it is none.</summary>
    public static bool TryParse(string text, out double share)
    {
        string trimmed = text.Trim();
        bool isPercent = trimmed.EndsWith('%');
        bool isNumber = double.TryParse(isPercent ? trimmed[..^1] : trimmed, NumberStyles.AllowDecimalPoint, CultureInfo.InvariantCulture, out share);
        share = isPercent ? share / 100 : share;
        return isNumber && share is >= 0 and <= 1;
    }
}
