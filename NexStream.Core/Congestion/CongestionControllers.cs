using System.Diagnostics.CodeAnalysis;
using NexStream.Core.Primitives;

namespace NexStream.Core.Congestion;

/// <summary>The congestion controllers that come with the library.</summary>
public static class CongestionControllers
{
    /// <summary>CUBIC (RFC 9438), the default.</summary>
    public static ICongestionControllerFactory Cubic { get; } =
        new CongestionControllerFactory(Congestion.Cubic.ControllerName, static () => new Cubic());

    /// <summary>
    /// BBRv3 (draft-ietf-ccwg-bbr): a model of the path's bandwidth and round trip instead of a reaction to loss; short queues, and little harm from
    /// random loss.
    /// </summary>
    /// <exception cref="NotSupportedException">The program was built without it: its feature switch NexStream.Core.Bbr is false.</exception>
    public static ICongestionControllerFactory Bbr => s_bbr
        ?? throw new NotSupportedException($"BBR was left out when this program was built, because its feature switch {Features.BbrSwitch} is false: take another controller, or build with it.");

    /// <summary>
    /// No congestion control: an unlimited window, and no pacing. Only for links that cannot be congested, such as shared memory, and for tests.
    /// </summary>
    public static ICongestionControllerFactory None { get; } =
        new CongestionControllerFactory(NoCongestionControl.ControllerName, static () => new NoCongestionControl());

    // Behind the switch, so that a trimmer sees that nobody makes one.
    private static readonly ICongestionControllerFactory? s_bbr =
        Features.HasBbr ? new CongestionControllerFactory(Congestion.Bbr.Bbr.ControllerName, static () => new Congestion.Bbr.Bbr()) : null;

    private static readonly ICongestionControllerFactory[] s_all = s_bbr is null ? [Cubic, None] : [Cubic, s_bbr, None];

    /// <summary>The controller of a name, as its factory and its statistics carry it: "cubic", "bbr" or "none". Upper and lower case are the same.</summary>
    /// <param name="name">The name; an unknown one is no error.</param>
    /// <param name="factory">The factory, when there is one of that name.</param>
    public static bool TryGet(string name, [NotNullWhen(true)] out ICongestionControllerFactory? factory)
    {
        foreach (ICongestionControllerFactory candidate in s_all)
        {
            if (candidate.Name.Equals(name, StringComparison.OrdinalIgnoreCase))
            {
                factory = candidate;
                return true;
            }
        }

        factory = null;
        return false;
    }
}
