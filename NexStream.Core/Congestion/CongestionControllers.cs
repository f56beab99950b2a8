namespace NexStream.Core.Congestion;

/// <summary>The congestion controllers that come with the library.</summary>
public static class CongestionControllers
{
    /// <summary>CUBIC (RFC 9438), the default.</summary>
    public static ICongestionControllerFactory Cubic { get; } =
        new CongestionControllerFactory(Congestion.Cubic.ControllerName, static () => new Cubic());

    /// <summary>
    /// No congestion control: an unlimited window, and no pacing. Only for links that cannot be congested, such as shared memory, and for tests.
    /// </summary>
    public static ICongestionControllerFactory None { get; } =
        new CongestionControllerFactory(NoCongestionControl.ControllerName, static () => new NoCongestionControl());
}
