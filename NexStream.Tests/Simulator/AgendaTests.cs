using CsCheck;
using NexStream.Simulator.Engine;

namespace NexStream.Tests.Simulator;

/// <summary>The agenda against a list that is searched.</summary>
[TestFixture]
internal sealed class AgendaTests
{
    [Test]
    public void First_AfterAnyChanges_IsTheEarliestAndOfEqualsTheOldest() =>
        Gen.Select(Gen.Int[0, 40], Gen.Long[0, 20]).Array[1, 200].Sample(changes =>
        {
            var agenda = new Agenda();
            List<Alarm> alarms = [];
            foreach ((int which, long at) in changes)
            {
                if (which >= alarms.Count)
                {
                    alarms.Add(new Alarm(at, agenda));
                }
                else
                {
                    alarms[which].Set(at == 20 ? Actor.Never : at, agenda);
                }

                if (agenda.First != alarms.MinBy(a => (a.DueAt, a.Order)))
                {
                    return false;
                }
            }

            return true;
        });

    [Test]
    public void First_TakenAndPutOffAgainAndAgain_GivesAllInOrder() =>
        Gen.Long[0, 50].Array[1, 100].Sample(times =>
        {
            var agenda = new Agenda();
            Alarm[] alarms = [.. times.Select(at => new Alarm(at, agenda))];
            List<(long, int)> order = [];
            while (agenda.First.DueAt != Actor.Never)
            {
                order.Add((agenda.First.DueAt, agenda.First.Order));
                ((Alarm)agenda.First).Set(Actor.Never, agenda);
            }

            return order.SequenceEqual(times.Select((at, i) => (at, i)).Order());
        });

    [Test]
    public void Clockwork_OfAnInterval_ActsAtEachMultiple()
    {
        var agenda = new Agenda();
        List<long> times = [];
        _ = new Clockwork(5, 10, times.Add, agenda);
        while (agenda.First.DueAt <= 40)
        {
            agenda.First.Act(agenda.First.DueAt);
        }

        Assert.That(times, Is.EqualTo(new[] { 5, 15, 25, 35 }));
    }

    private sealed class Alarm : Actor
    {
        public Alarm(long at, Agenda agenda)
        {
            DueAt = at;
            agenda.Add(this);
        }

        public void Set(long at, Agenda agenda)
        {
            DueAt = at;
            agenda.Update(this);
        }

        public override void Act(long now) => Assert.Fail("nobody runs this agenda");
    }
}
