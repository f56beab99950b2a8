namespace NexStream.Core.Congestion;

/// <summary>A factory made of a name and a constructor.</summary>
internal sealed class CongestionControllerFactory(string name, Func<ICongestionController> create) : ICongestionControllerFactory
{
    public string Name => name;

    public ICongestionController Create() => create();
}
