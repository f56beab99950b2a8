using NexStream.Core.Config;

namespace NexStream.Tools.Fuzz.Targets;

/// <summary>Two endpoints whose applications do as the input says, over a network that loses, repeats, delays and changes packets.</summary>
internal sealed class PairTarget(Func<EndpointConfig, EndpointConfig>? configure = null) : IFuzzTarget
{
    private const int TicksMax = 60;

    private readonly WorldCache _worlds = new(configure);

    public string Name => "pair";

    public string Description => "two endpoints and their applications over a network that changes what they say";

    public long DefaultIterations => 3_000;

    public int InputMax => 512;

    public int Generate(ref FuzzRandom random, Span<byte> input)
    {
        int length = 16 + random.Below(InputMax - 16);
        random.Fill(input[..length]);

        // With every byte random almost no connection would live long enough to be worth attacking.
        int quiet = random.Below(4);
        for (int i = 1; i < length; i++)
        {
            if (random.Below(4) < quiet)
            {
                input[i] = 0;
            }
        }

        return length;
    }

    public void Reset() => _worlds.Clear();

    public void Run(ReadOnlySpan<byte> input)
    {
        var decisions = new Decisions(input);
        byte options = decisions.Byte();
        World world = _worlds.Begin(cookies: (options & 1) != 0, atBoundary: (options & 2) != 0);
        world.A.Connect(world.B.Endpoint.Node, world.Now);
        if ((options & 4) != 0)
        {
            world.B.Connect(world.A.Endpoint.Node, world.Now);
        }

        for (int i = (options >> 3) % 4; i > 0; i--)
        {
            world.Tick();
        }

        for (int i = 0; i < TicksMax && !decisions.IsAtEnd; i++)
        {
            world.A.Act(ref decisions, world.B.Endpoint.Node, world.Now);
            world.B.Act(ref decisions, world.A.Endpoint.Node, world.Now);
            world.Tick(ref decisions, isAdversarial: true);
        }

        world.Tick();
        world.Finish();
    }
}
