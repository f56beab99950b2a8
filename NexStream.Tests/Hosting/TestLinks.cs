using System.Runtime.CompilerServices;
using System.Runtime.InteropServices;
using NexStream.Driver.Links;

namespace NexStream.Tests.Hosting;

/// <summary>The managed links, with something done before each look for what arrived. One test at a time.</summary>
internal static unsafe class TestLinks
{
    private static readonly NexLinkApi* s_managed = LinkLibrary.Load(LinkPreference.Managed).Api;
    private static readonly NexLinkApi* s_table = MakeTable();
    private static Func<bool>? s_mayReceive;

    /// <summary>Called on a driver's thread; false: the link fails. Null: nothing is done.</summary>
    public static Func<bool>? MayReceive
    {
        set => Volatile.Write(ref s_mayReceive, value);
    }

    public static LinkLibrary Library { get; } = LinkLibrary.From(s_table, "managed ring: for tests");

    private static NexLinkApi* MakeTable()
    {
        NexLinkApi* table = (NexLinkApi*)RuntimeHelpers.AllocateTypeAssociatedMemory(typeof(TestLinks), sizeof(NexLinkApi));
        *table = *s_managed;
        table->Receive = &Receive;
        return table;
    }

    [UnmanagedCallersOnly(CallConvs = [typeof(CallConvCdecl)])]
    private static int Receive(void* link, LinkDescriptor* descriptors, uint count) =>
        Volatile.Read(ref s_mayReceive)?.Invoke() == false ? NexLinkResult.SystemFailure : s_managed->Receive(link, descriptors, count);
}
