using System.Diagnostics.CodeAnalysis;

namespace NexStream.Core.Primitives;

/// <summary>
/// Parts that a program may leave out, decided when it is built: a trimmer or a native compiler that is told so (RuntimeHostConfigurationOption with Trim="true") removes
/// all of their code. Both are in by default.
/// </summary>
internal static class Features
{
    /// <summary>The congestion controller BBR.</summary>
    public const string BbrSwitch = "NexStream.Core.Bbr";

    /// <summary>Repairs of probabilistic messages, their making and their use.</summary>
    public const string ForwardErrorCorrectionSwitch = "NexStream.Core.ForwardErrorCorrection";

    /// <summary>Whether BBR is there.</summary>
    [FeatureSwitchDefinition(BbrSwitch)]
    public static bool HasBbr => !AppContext.TryGetSwitch(BbrSwitch, out bool isOn) || isOn;

    /// <summary>Whether repairs can be made and used.</summary>
    [FeatureSwitchDefinition(ForwardErrorCorrectionSwitch)]
    public static bool HasForwardErrorCorrection => !AppContext.TryGetSwitch(ForwardErrorCorrectionSwitch, out bool isOn) || isOn;
}
