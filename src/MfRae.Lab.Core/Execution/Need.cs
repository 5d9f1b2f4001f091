namespace MfRae.Lab.Core.Execution;

/// <summary>What a run has to do about a stage.</summary>
internal enum Need
{
    /// <summary>Compute it.</summary>
    Run,

    /// <summary>It is complete and verified.</summary>
    Cached,

    /// <summary>It diverged in an earlier run, and would again.</summary>
    Diverged,

    /// <summary>It needs a stage that diverged.</summary>
    Blocked,

    /// <summary>It was complete once, for a stage that uses it is; its files are gone, and nothing to be computed needs them.</summary>
    Past,

    /// <summary>Only blocked stages need it.</summary>
    Unneeded,
}
