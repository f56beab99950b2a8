using NexStream.Core.Primitives;
using NexStream.Swarm.Drawing;
using NexStream.Swarm.Hosts;
using NexStream.Swarm.Running;

namespace NexStream.Swarm.Oracles;

/// <summary>Why a connection between honest endpoints may end: never because one of them broke the protocol's rules.</summary>
internal static class ReasonRules
{
    public static void OnClosed(World world, ConnectionView connection)
    {
        // Before it is established its tag may change, and what was said to the former tag is not told from what was said to this one.
        bool mayBeForged = !connection.IsKnown && world.Plan.Has(Feature.Corruption | Feature.Hostile);
        if (world.Plan.IsTrusted && !mayBeForged && !world.IsTainted(connection) && !IsHonest(connection.Reason))
        {
            throw new SwarmFailureException("honest endpoints keep the rules", $"{connection.Name} ended with {connection.Reason}");
        }
    }

    private static bool IsHonest(ReasonCode reason) => reason is ReasonCode.None or ReasonCode.Aborted or ReasonCode.ConnectionRefused or ReasonCode.HandshakeTimeout
        or ReasonCode.IdleTimeout or ReasonCode.PeerUnresponsive or ReasonCode.ConnectionUnknown;
}
