namespace NexStream.Driver.Links;

/// <summary>What the functions of the table answer: NEXLINK_OK and NEXLINK_E* of nexlink.h.</summary>
internal static class NexLinkResult
{
    public const int Ok = 0;
    public const int InvalidArgument = -1;
    public const int NoMemory = -2;
    public const int NotFound = -3;
    public const int InUse = -4;
    public const int PeerGone = -5;
    public const int OtherVersion = -6;
    public const int TryAgain = -7;
    public const int SystemFailure = -8;
    public const int Unsupported = -9;

    public const int PeerAlive = 0;
    public const int PeerDead = 1;
}
