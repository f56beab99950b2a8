using System.Globalization;

namespace NexStream.Evidence.Requirements;

/// <summary>Which commit something was run on, and the day, as the table says it.</summary>
/// <param name="shell">What asks git.</param>
internal sealed class Commit(Shell shell)
{
    private static readonly TimeSpan s_limit = TimeSpan.FromMinutes(1);

    /// <summary>The commit that is checked out, today. What changes in the evidence itself does not count as a change.</summary>
    public string Now()
    {
        string changes = Ask("git status --porcelain -- . ':(exclude)docs/evidence'");
        string today = DateTime.UtcNow.ToString("yyyy-MM-dd", CultureInfo.InvariantCulture);
        return $"{Ask("git rev-parse --short HEAD")}{(changes.Length == 0 ? string.Empty : "+")}, {today}";
    }

    /// <summary>When a document was committed last; now, if it has changed since.</summary>
    public string Of(string document) => Ask($"git status --porcelain -- '{document}'").Length == 0 ? Ask($"git log -1 --format='%h, %cs' -- '{document}'") : Now();

    private string Ask(string command) => shell.Run(command, s_limit).Output.Trim();
}
