namespace NexStream.Driver.Links;

/// <summary>Which implementation of the link layer to load.</summary>
public enum LinkPreference
{
    /// <summary>The native one where it is there, else the managed one.</summary>
    Any,

    /// <summary>The native one or none: for links between processes.</summary>
    Native,

    /// <summary>The managed one, which needs nothing but .NET and joins endpoints of one process only.</summary>
    Managed,
}
