using NexStream.Simulator.Links;

namespace NexStream.Simulator.Observation;

/// <summary>A link tells one observer; this one tells several, in the order in which they came.</summary>
internal sealed class LinkObservers : ILinkObserver
{
    private readonly List<ILinkObserver> _observers = [];

    /// <summary>Has a link tell one more.</summary>
    public static void Add(DirectedLink link, ILinkObserver observer)
    {
        if (link.Observer is not LinkObservers observers)
        {
            observers = new LinkObservers();
            if (link.Observer is { } first)
            {
                observers._observers.Add(first);
            }

            link.Observer = observers;
        }

        observers._observers.Add(observer);
    }

    public void OnFrame(DirectedLink link, Packet packet, FrameFate fate, long now)
    {
        foreach (ILinkObserver observer in _observers)
        {
            observer.OnFrame(link, packet, fate, now);
        }
    }
}
