namespace NexStream.Simulator.Engine;

/// <summary>Actors by the time at which they are due: a heap with four children a node, in which each actor knows its place.</summary>
internal sealed class Agenda
{
    private const int Arity = 4;

    private readonly List<Actor> _actors = [];

    /// <summary>The actor that is due next.</summary>
    public Actor First => _actors[0];

    public void Add(Actor actor)
    {
        actor.Order = _actors.Count;
        actor.AgendaIndex = _actors.Count;
        _actors.Add(actor);
        Update(actor);
    }

    /// <summary>The time at which an actor is due has changed.</summary>
    public void Update(Actor actor)
    {
        int index = actor.AgendaIndex;
        while (index > 0 && IsBefore(actor, _actors[(index - 1) / Arity]))
        {
            Place(_actors[(index - 1) / Arity], index);
            index = (index - 1) / Arity;
        }

        while (true)
        {
            int child = (index * Arity) + 1;
            if (child >= _actors.Count)
            {
                break;
            }

            int least = child;
            int end = Math.Min(child + Arity, _actors.Count);
            for (int i = child + 1; i < end; i++)
            {
                if (IsBefore(_actors[i], _actors[least]))
                {
                    least = i;
                }
            }

            if (!IsBefore(_actors[least], actor))
            {
                break;
            }

            Place(_actors[least], index);
            index = least;
        }

        Place(actor, index);
    }

    private void Place(Actor actor, int index)
    {
        _actors[index] = actor;
        actor.AgendaIndex = index;
    }

    private static bool IsBefore(Actor a, Actor b) => a.DueAt < b.DueAt || (a.DueAt == b.DueAt && a.Order < b.Order);
}
