namespace MfRae.Lab.Core.Upkeep;

/// <summary>The kinds of things that a store collects.</summary>
public enum SweepClass
{
    /// <summary>A complete stage: `KEY`.</summary>
    Stage,

    /// <summary>A stage that was begun and not completed: `.partial/KEY`, with its checkpoints.</summary>
    Partial,

    /// <summary>A folder that did not verify: `.bad/KEY.N`.</summary>
    SetAside,

    /// <summary>Features of image sets, which can always be computed again: `features/KEY`.</summary>
    Features,

    /// <summary>What an earlier collection was about to delete when it was killed.</summary>
    Leftover,
}
