using CsCheck;

namespace NexStream.Tests.Driver.Timers;

[TestFixture]
public sealed class TimerWheelModelTests
{
    private const int Timers = 12;

    /// <summary>Distances of every magnitude: from the same nanosecond to 36 years.</summary>
    private static readonly Gen<long> s_distance =
        Gen.Select(Gen.Int[0, 60], Gen.Long[0, long.MaxValue], (bits, value) => value & ((1L << bits) - 1));

    private static readonly Gen<Step> s_anyStep = Gen.Select(
        Gen.Int[0, 11],
        Gen.Int[0, Timers - 1],
        s_distance,
        (kind, id, distance) => new Step(kind, id, distance));

    [TestCase(1, 0)]
    [TestCase(64, -5_000_000_000)]
    [TestCase(1024, 0)]
    [TestCase(1024, 1_700_000_000_000_000_123)]
    [TestCase(1_000_000, 77)]
    public void TryExpire_AnySequence_AgreesWithASortedModel(long tickNs, long start) =>
        s_anyStep.Array[1, 80].Sample(steps => Run(new WheelModel(Timers, tickNs, start), steps), iter: 2_000);

    private static void Run(WheelModel model, Step[] steps)
    {
        foreach (Step step in steps)
        {
            long ahead = long.MaxValue - step.Distance < model.Now ? long.MaxValue - 1 : model.Now + step.Distance;
            long soon = long.MaxValue - (1L << 34) < model.Now ? long.MaxValue - 1 : model.Now + (1L << 34);
            switch (step.Kind)
            {
                case 0:
                    model.Cancel(step.Id);
                    break;
                case 1:
                    model.Arm(step.Id, long.MaxValue);
                    break;
                case 2:
                    model.Arm(step.Id, model.Now - Math.Min(step.Distance, 1L << 40));
                    break;
                case 3:
                    model.AdvanceToNext();
                    break;
                case 4:
                    model.Advance(model.TrueNextDeadline);
                    break;
                case 5:
                    model.Advance(model.Now - Math.Min(step.Distance, 1L << 40));
                    break;
                case 6:
                    // Mostly short steps: long ones would leave nothing armed.
                    model.Advance(Math.Min(ahead, soon));
                    break;
                default:
                    model.Arm(step.Id, ahead);
                    break;
            }
        }
    }

    private readonly record struct Step(int Kind, int Id, long Distance);
}
