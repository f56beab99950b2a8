using NexStream.Core;
using NexStream.Core.Buffers;

namespace NexStream.Swarm.Hosts;

/// <summary>What a host maps of other hosts' frames, as links over shared memory do. One that died is unmapped when nothing refers to it any more.</summary>
internal sealed class PeerMemory(Endpoint endpoint)
{
    private readonly List<(Host Owner, PeerRegion Region)> _regions = [];

    /// <summary>The number of a host's region.</summary>
    public int NumberOf(Host owner)
    {
        foreach ((Host known, PeerRegion region) in _regions)
        {
            if (ReferenceEquals(known, owner))
            {
                return region.Number;
            }
        }

        var made = new PeerRegion(owner.Memory, owner.Plan.FrameSize, owner.Plan.FrameCount, new Releaser(owner));
        endpoint.RegisterRegion(made);
        _regions.Add((owner, made));
        return made.Number;
    }

    /// <summary>Unmaps the memory of hosts that are gone, as far as nothing refers to it. Returns how many of all regions are still referred to.</summary>
    public int Tidy()
    {
        int held = 0;
        for (int i = _regions.Count - 1; i >= 0; i--)
        {
            held += _regions[i].Region.HeldCount > 0 ? 1 : 0;
            if (_regions[i].Owner.IsDead && endpoint.TryUnregisterRegion(_regions[i].Region))
            {
                _regions.RemoveAt(i);
            }
        }

        return held;
    }

    /// <summary>This host died: links notice, and everything that it held of others is theirs again.</summary>
    public void Die()
    {
        foreach ((Host owner, PeerRegion region) in _regions)
        {
            for (int i = 0; i < region.FrameCount; i++)
            {
                if (region.Records[i].Holds > 0)
                {
                    owner.ReturnHold(PayloadSlice.FrameOf(0, i), region.Records[i].Holds);
                }
            }
        }
    }

    private sealed class Releaser(Host owner) : IFrameReleaser
    {
        public void Release(int index, int holds) => owner.ReturnHold(PayloadSlice.FrameOf(0, index), holds);
    }
}
