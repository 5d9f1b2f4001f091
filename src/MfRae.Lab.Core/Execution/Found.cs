namespace MfRae.Lab.Core.Execution;

/// <summary>What the store holds of a stage before a run.</summary>
internal enum Found
{
    Missing,
    Complete,
    Damaged,
    Diverged,

    /// <summary>Its last attempt failed or diverged, and it is to be computed from its beginning.</summary>
    Failed,
}
