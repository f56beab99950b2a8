using NexStream.Core;
using NexStream.Core.Primitives;
using NexStream.Core.Stats;
using NexStream.Swarm.Oracles;
using NexStream.Swarm.Running;

namespace NexStream.Swarm.Hosts;

/// <summary>What an application does when the world has healed: it reads everything, finishes its streams, then closes its connections, and waits for both.</summary>
internal static class Closing
{
    public static void Step(World world, Host host, Instant now)
    {
        Application application = host.Application;
        for (int i = application.Streams.Count - 1; i >= 0; i--)
        {
            if (i < application.Streams.Count)
            {
                StreamView stream = application.Streams[i];
                application.Reader.ReadAll(stream);

                // Who was told to wait is told when the wait is over: until then it does not finish.
                if (!stream.IsSendingOver && !stream.WantsWritable && stream.Handle.Finish() == CallStatus.Ok)
                {
                    stream.Sent.IsFinished = true;
                    stream.IsSendingOver = true;
                }
            }
        }

        bool isOver = world.Now >= world.HealedAt + World.FinishNs;
        foreach (ConnectionView connection in application.Connections)
        {
            if (connection.IsClosed || connection.IsEndedHere)
            {
                continue;
            }

            bool isBusy = application.Streams.Exists(stream => ReferenceEquals(stream.Connection, connection));
            if (isOver)
            {
                if (world.MustFinish(host, connection) && (isBusy ? !connection.Pace.IsSteady : connection.WantsStreams))
                {
                    throw new SwarmFailureException("progress when the network allows it", Describe(application, connection));
                }

                connection.IsEndedHere = (isBusy ? connection.Handle.Abort(now) : connection.Handle.Close(now)) == CallStatus.Ok;
            }
            else if (!isBusy && connection is { IsOpenedHere: true, IsKnown: true, WantsStreams: false } && world.Now >= world.HealedAt + World.CalmNs)
            {
                connection.IsEndedHere = connection.Handle.Close(now) == CallStatus.Ok;
            }
        }
    }

    /// <summary>Looks, at every turn of the last seconds before everything has to be done, which connections get on.</summary>
    public static void Watch(World world, Application application)
    {
        if (!world.IsHealed || world.Now < world.HealedAt + World.FinishNs - Pace.WatchedNs)
        {
            return;
        }

        foreach (ConnectionView connection in application.Connections)
        {
            if (!connection.IsClosed)
            {
                connection.Pace.Look(world.Now, MovedBy(application, connection));
            }
        }
    }

    /// <summary>Bytes and messages that the streams of a connection have moved, both ways.</summary>
    private static ulong MovedBy(Application application, ConnectionView connection)
    {
        ulong moved = 0;
        foreach (StreamView stream in application.Streams)
        {
            if (ReferenceEquals(stream.Connection, connection))
            {
                StreamStatistics statistics = stream.Handle.Statistics;
                moved += statistics.Sent + statistics.Received;
            }
        }

        return moved;
    }

    private static string Describe(Application application, ConnectionView connection)
    {
        StreamView? stuck = application.Streams.Find(stream => ReferenceEquals(stream.Connection, connection));
        string what = stuck is null ? "it waits for streams to be allowed"
            : $"{stuck.Sent.Name}: finished {stuck.Sent.IsFinished}, wants to write {stuck.WantsWritable}, end read {stuck.HasEndBeenRead}, stopped {stuck.IsStopped}, reset {stuck.IsReset}, {stuck.Handle.Statistics}";
        return $"{connection.Name} is not done {World.FinishNs / Instant.Second} s after the network healed: {what}; {connection.Handle.Statistics}";
    }
}
