namespace NexStream.Simulator.Engine;

/// <summary>Does one thing at a time, or again and again.</summary>
internal sealed class Clockwork : Actor
{
    private readonly Agenda _agenda;
    private readonly long _intervalNs;
    private readonly Action<long> _action;

    public Clockwork(long at, long intervalNs, Action<long> action, Agenda agenda)
    {
        _agenda = agenda;
        _intervalNs = intervalNs;
        _action = action;
        DueAt = at;
        agenda.Add(this);
    }

    public override void Act(long now)
    {
        DueAt = _intervalNs > 0 ? now + _intervalNs : Never;
        _agenda.Update(this);
        _action(now);
    }
}
