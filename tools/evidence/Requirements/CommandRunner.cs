namespace NexStream.Evidence.Requirements;

/// <summary>Runs the commands of requirements: what they need first, and what several rows share only once.</summary>
/// <param name="shell">What runs them.</param>
internal sealed class CommandRunner(Shell shell)
{
    private readonly Dictionary<string, CommandOutcome> _prepared = [];
    private readonly Dictionary<string, List<CommandOutcome>> _runs = [];

    /// <summary>Runs the command of a row as often as it asks, less what another row ran already.</summary>
    /// <returns>How each run ended; where something that it needs cannot be made, how that ended.</returns>
    public IReadOnlyList<CommandOutcome> Run(Requirement row)
    {
        string command = row.Command!;
        if (Prepare(command) is { } failed)
        {
            return [failed];
        }

        if (!_runs.TryGetValue(command, out List<CommandOutcome>? runs))
        {
            _runs.Add(command, runs = []);
        }

        while (runs.Count < row.Runs)
        {
            runs.Add(shell.Run(command, Limit(row.Class)));
        }

        return runs[..row.Runs];
    }

    private CommandOutcome? Prepare(string command)
    {
        foreach (Preparation preparation in Preparation.All.Where(preparation => command.Contains(preparation.Name, StringComparison.Ordinal)))
        {
            if (!_prepared.TryGetValue(preparation.Name, out CommandOutcome? outcome))
            {
                _prepared.Add(preparation.Name, outcome = shell.Run(preparation.Command, Limit(RunClass.Timed)));
            }

            if (outcome.ExitCode != 0)
            {
                return outcome with { Output = $"{preparation.Name} cannot be made: {outcome.Problem}" };
            }
        }

        return null;
    }

    /// <summary>Far more than any takes: what is beyond hangs.</summary>
    private static TimeSpan Limit(RunClass runClass) => runClass switch
    {
        RunClass.Quick => TimeSpan.FromMinutes(15),
        RunClass.Timed => TimeSpan.FromMinutes(45),
        _ => TimeSpan.FromHours(5),
    };
}
