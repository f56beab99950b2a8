namespace NexStream.Core.Congestion;

/// <summary>Creates congestion controllers. It is called while an endpoint is constructed, once per path that the endpoint may ever hold.</summary>
public interface ICongestionControllerFactory
{
    /// <summary>The name that the controllers carry.</summary>
    string Name { get; }

    /// <summary>A new controller. It is <see cref="ICongestionController.Reset">reset</see> before its first use.</summary>
    ICongestionController Create();
}
