namespace MfRae.Lab.Tracking.Writing;

/// <summary>What the database knows of an attempt, before and while lines of its journal are taken in.</summary>
internal sealed class AttemptState
{
    public long Id { get; init; }

    public long Generation { get; init; }

    public long LastSeq { get; set; }

    public string Started { get; init; } = "";

    /// <summary>The same in milliseconds since 1970.</summary>
    public long Began { get; init; }

    /// <summary>See the table: null as long as the attempt has shown neither that it resumed nor that it began anew.</summary>
    public long? KeepsThrough { get; private set; }

    /// <summary>The attempt reports something of its own: without a resume before it, it began anew.</summary>
    public void Reports() => KeepsThrough ??= -1;

    /// <summary>What earlier attempts reported after <paramref name="step"/> no longer holds.</summary>
    public void Rewinds(long step) => KeepsThrough = KeepsThrough is { } kept ? Math.Min(kept, step) : step;
}
