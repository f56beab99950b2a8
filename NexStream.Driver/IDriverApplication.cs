using NexStream.Core.Primitives;

namespace NexStream.Driver;

/// <summary>What runs on a <see cref="DedicatedDriver"/>'s thread besides the driver: the only place from which the endpoint may be used.</summary>
public interface IDriverApplication
{
    /// <summary>Called after every turn: take events, read, send, open and close. What it sends leaves when it returns. It must not block.</summary>
    /// <param name="now">The time of the turn.</param>
    /// <returns>Whether anything was done; false lets the thread rest, and what was sent all the same leaves with the next turn.</returns>
    bool OnTurn(Instant now);

    /// <summary>The last call: the thread ends behind it.</summary>
    /// <param name="failure">What the driver or <see cref="OnTurn"/> threw; null: the thread was stopped.</param>
    void OnEnd(Exception? failure)
    {
    }
}
