using NexStream.Driver.Links;

namespace NexStream.Tool.Impairment;

/// <summary>A packet between two endpoints: its descriptor, and the relay's frame that its payload lies in.</summary>
internal sealed class PacketUnderWay
{
    private LinkDescriptor _descriptor;

    /// <summary>The frame with the payload; negative when the packet is all head.</summary>
    public int Frame { get; set; } = -1;

    public ref LinkDescriptor Descriptor => ref _descriptor;
}
