using System.Diagnostics;

namespace NexStream.Examples.GameWorld;

/// <summary>The world as a client sees and moves it. Every answer is held against the rules.</summary>
/// <param name="grains">Leads to the cluster.</param>
/// <param name="names">Who plays.</param>
public sealed class Game(IGrainFactory grains, string[] names)
{
    /// <summary>Beyond any time that a cluster may need to find out that a silo is dead and to do without it.</summary>
    private static readonly TimeSpan s_patience = TimeSpan.FromMinutes(1);

    private readonly Dictionary<string, PlayerView> _players = [];

    private int _calls;
    private int _failures;

    /// <summary>Calls that were answered.</summary>
    public int Calls => _calls;

    /// <summary>Calls that failed, and were made again.</summary>
    public int Failures => _failures;

    /// <summary>The tick of the world.</summary>
    public int Tick { get; private set; }

    /// <summary>What each player said last.</summary>
    public IReadOnlyDictionary<string, PlayerView> Players => _players;

    /// <summary>One tick: all players go a step at the same time. One whose call fails goes again until he could.</summary>
    /// <exception cref="InvalidDataException">A player is not where the rules want him.</exception>
    public async Task StepAsync()
    {
        Tick++;
        (string Name, PlayerView View)[] views = await Task.WhenAll(names.Select(async name => (name, await AskAsync(() => grains.GetGrain<IPlayer>(name).StepAsync(Tick)))));
        foreach ((string name, PlayerView view) in views)
        {
            // Who was on a silo that died begins anew. A step whose answer was lost was a step all the same.
            int before = _players.TryGetValue(name, out PlayerView? last) ? last.Steps : 0;
            bool isRight = Failures == 0 ? view.Steps == before + 1 : view.Steps > 0;
            if (!isRight || view.Position != World.At(name, view.Steps))
            {
                throw new InvalidDataException($"Tick {Tick}: {name} says {view} after {before} steps, and should be at {World.At(name, view.Steps)}.");
            }

            _players[name] = view;
        }
    }

    /// <summary>Ticks until one had no call that failed: then everybody is on a silo that lives.</summary>
    public async Task StepUntilCalmAsync()
    {
        int failures;
        do
        {
            failures = Failures;
            await StepAsync();
        }
        while (Failures > failures);
    }

    /// <summary>Looks at all regions. Every player is in one of them, and where he says.</summary>
    /// <exception cref="InvalidDataException">They disagree.</exception>
    public async Task<RegionView[]> LookAsync()
    {
        RegionView[] regions = await Task.WhenAll(Enumerable.Range(0, World.RegionCount).Select(number => AskAsync(() => grains.GetGrain<IRegion>(number).LookAsync(Tick))));
        foreach ((string name, PlayerView view) in _players)
        {
            Position[] seen = [.. regions.Where(region => region.Players.ContainsKey(name)).Select(region => region.Players[name])];
            if (seen is not [var only] || only != view.Position)
            {
                throw new InvalidDataException($"Tick {Tick}: {name} says {view}, and was seen at {string.Join(" and ", seen)}.");
            }
        }

        return regions;
    }

    private async Task<TAnswer> AskAsync<TAnswer>(Func<Task<TAnswer>> ask)
    {
        Stopwatch asked = Stopwatch.StartNew();
        while (true)
        {
            try
            {
                TAnswer answer = await ask();
                Interlocked.Increment(ref _calls);
                return answer;
            }
            catch (Exception) when (asked.Elapsed < s_patience)
            {
                Interlocked.Increment(ref _failures);
                await Task.Delay(100);
            }
        }
    }
}
