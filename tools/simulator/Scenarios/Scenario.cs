namespace NexStream.Simulator.Scenarios;

/// <summary>A whole scenario, as its file says it (docs/scenarios.md).</summary>
internal sealed record Scenario
{
    /// <summary>Everything that is drawn by lot is drawn from this.</summary>
    public ulong Seed { get; set; } = 1;

    /// <summary>Virtual seconds after which it ends, whatever is left to do.</summary>
    public double DurationS { get; set; } = 60;

    /// <summary>The largest NexLink frame, header included, in bytes.</summary>
    public int Mtu { get; set; } = 1500;

    /// <summary>The direction from clients to servers: the bottleneck.</summary>
    public required DirectionSpec Link { get; set; }

    /// <summary>The direction back; what is missing is as in <see cref="Link"/>, but for loss, reordering, duplicates, damage and steps.</summary>
    public DirectionSpec? Reverse { get; set; }

    /// <summary>Further paths beside <see cref="Link"/>, which is path 0.</summary>
    public IReadOnlyList<PathSpec> Paths { get; set; } = [];

    /// <summary>Connections.</summary>
    public required IReadOnlyList<FlowSpec> Flows { get; set; }

    /// <summary>The way back: what is missing is as on the way there, but for what happens at random and the steps.</summary>
    public DirectionSpec WayBack() => WayBack(Link, Reverse);

    /// <summary>The way back of a further path, from 1.</summary>
    public DirectionSpec WayBack(int path) => WayBack(Paths[path - 1], Paths[path - 1].Reverse);

    private static DirectionSpec WayBack(DirectionSpec link, DirectionSpec? given)
    {
        DirectionSpec reverse = given ?? new DirectionSpec();
        bool isSameRate = reverse.RateMbps is null;
        return reverse with
        {
            RateMbps = reverse.RateMbps ?? link.RateMbps,
            DelayMs = reverse.DelayMs ?? link.DelayMs,
            JitterMs = reverse.JitterMs ?? link.JitterMs,
            QueueKb = reverse.QueueKb ?? (isSameRate ? link.QueueKb : null),
            Queue = reverse.Queue ?? link.Queue,
            EcnMarkKb = reverse.EcnMarkKb ?? (isSameRate ? link.EcnMarkKb : null),
            Outages = reverse.Outages ?? link.Outages,
            Mtu = reverse.Mtu ?? link.Mtu,
        };
    }
}

/// <summary>One connection over the link.</summary>
internal sealed record FlowSpec
{
    /// <summary>When it begins.</summary>
    public double StartS { get; set; }

    /// <summary>cubic, bbr or none.</summary>
    public string Congestion { get; set; } = "cubic";

    /// <summary>Whether packets say that they understand marks.</summary>
    public bool Ecn { get; set; } = true;

    /// <summary>Microseconds between two calls of the endpoint, as in a game loop; 0: it is called whenever something happens.</summary>
    public double PollUs { get; set; }

    /// <summary>Among paths, where there are several: lowest_rtt, weighted or redundant.</summary>
    public string Scheduler { get; set; } = "lowest_rtt";

    /// <summary>When the client moves to another path; where it does, the flow has one path at a time instead of all.</summary>
    public IReadOnlyList<MigrationSpec> Migrate { get; set; } = [];

    /// <summary>weighted or strict.</summary>
    public string Scheduling { get; set; } = "weighted";

    /// <summary>The frame that the path is believed to carry at the start; by default the scenario's mtu. Where it is less, path MTU discovery searches.</summary>
    public int? InitialFrame { get; set; }

    /// <summary>What is sent.</summary>
    public IReadOnlyList<StreamSpec> Streams { get; set; } = [new StreamSpec()];
}

/// <summary>The client's node changes: from then on it sends and receives over another path.</summary>
internal sealed record MigrationSpec
{
    /// <summary>When, from the start of the scenario.</summary>
    public double AtS { get; set; }

    /// <summary>Where to: 0 is the link.</summary>
    public int ToPath { get; set; }
}

/// <summary>One stream of a connection.</summary>
internal sealed record StreamSpec
{
    /// <summary>ro, ru, be or pr.</summary>
    public string Mode { get; set; } = "ro";

    /// <summary>How much is sent; null: as long as the scenario lasts.</summary>
    public long? Bytes { get; set; }

    /// <summary>Bytes of a message; for ro with a rate, of a write.</summary>
    public int Message { get; set; } = 1200;

    /// <summary>0 (lowest) to 15; the weight is one more.</summary>
    public byte Priority { get; set; } = 8;

    /// <summary>What the application offers; null: as much as is taken.</summary>
    public double? RateMbps { get; set; }

    /// <summary>pr: the share of messages that should arrive.</summary>
    public double Probability { get; set; } = 1;

    /// <summary>pr: whether messages are left out where the path delivers more.</summary>
    public bool Thinning { get; set; } = true;

    /// <summary>pr: repairs for each message; null: as needed.</summary>
    public double? Fec { get; set; }

    /// <summary>pr: messages of a group that repairs are made for.</summary>
    public int Group { get; set; } = 32;

    /// <summary>Messages are of no use after so long; not for ro.</summary>
    public double? DeadlineMs { get; set; }

    /// <summary>Starts when this stream of the flow is complete.</summary>
    public int? After { get; set; }

    /// <summary>Starts so long after the flow.</summary>
    public double StartS { get; set; }
}
